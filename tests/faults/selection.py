"""Which rows every change runs: at least one of each fault. All of them run with test-long."""

from __future__ import annotations

import pytest

EACH = frozenset(
    {
        "test_killed_at_a_step_of_the_journal[prepare-after]",
        "test_killed_at_a_step_of_the_journal[switch-before]",
        "test_killed_at_a_step_of_the_journal[switch-after]",
        "test_cancelled_as_ci_does_it[bake]",
        "test_cancelled_on_the_only_server[end]",
        "test_only_server_s_connection_is_cut[end]",
        "test_second_ctrl_c_is_a_hard_stop",
        "test_of_two_deploys_at_once_exactly_one_wins",
        "test_owner_that_slept_through_its_lease_changes_nothing",
        "test_canary_dies_after_its_switch",
        "test_server_freezes[switch]",
        "test_connection_reset_while_the_candidate_starts",
        "test_host_key_that_changed_is_never_accepted",
        "test_tag_that_moves_after_the_plan_changes_nothing",
        "test_registry_that_hangs_in_the_pull",
        "test_too_little_room_is_seen_before_anything_is_touched",
        "test_program_for_another_processor",
        "test_second_of_three_servers_unhealthy",
        "test_release_that_spoils_under_traffic[errs]",
        "test_health_that_lies",
        "test_engine_lost_while_the_candidate_starts[KILL]",
        "test_configuration_broken_by_hand_is_not_loaded_by_a_reload",
        "test_long_requests_finish_on_the_old_release",
        "test_migration_that_fails_ran_once_and_nobody_moved",
        "test_cancel_after_a_destructive_migration_is_too_late[switch]",
        "test_image_of_the_release_before_is_gone",
        "test_channels_that_fail_change_nothing",
        "test_torn_end_is_repaired_and_marked",
        "test_harmful_input_is_refused_before_any_connection",
        "test_same_release_again_touches_nothing",
        "test_changed_by_hand[removed]",
        "test_servers_boot_after_a_deploy",
        "test_server_lost_in_the_handover[without one]",
    }
)


def left_out(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the rows that not every change runs.

    Raises:
        pytest.UsageError: a name is no row, or a fault would have none.
    """
    chosen = [one for one in items if one.name in EACH]
    others = [one for one in items if one.name not in EACH]
    unknown = EACH - {one.name for one in chosen}
    if unknown:
        raise pytest.UsageError(f"no such row: {', '.join(sorted(unknown))}")
    bare = {_number(one) for one in others} - {_number(one) for one in chosen}
    if bare:
        raise pytest.UsageError(f"no row of fault {', '.join(map(str, sorted(bare)))} is chosen")
    return others


def _number(item: pytest.Item) -> int:
    mark = item.get_closest_marker("row")
    assert mark is not None, f"{item.name} is no row"
    number: int = mark.args[0]
    return number
