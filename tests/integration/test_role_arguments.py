"""A wrong variable stops a release before any server is asked, and shows no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Nothing listens there: a task that gets as far as a server ends as unreachable.
INVENTORY = "all: {children: {app: {hosts: {web1: {ansible_host: 127.0.0.1, ansible_port: 1}}}}}\n"
SECRET = "correct-horse-battery"
RIGHT: dict[str, Any] = {
    "app_name": "shop",
    "app_image": "registry.example.com/shop:1",
    "app_secrets": {"DATABASE_URL": SECRET},
    "app_registry_password": SECRET,
}


def deploy(folder: Path, variables: dict[str, Any], playbook: str = "deploy") -> str:
    """Run the playbook as an operator would, as talkative as it gets, and return all it says."""
    inventory, extra = folder / "hosts.yml", folder / "variables.json"
    inventory.write_text(INVENTORY, encoding="utf-8")
    extra.write_text(json.dumps(variables), encoding="utf-8")
    argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvvv"]
    argv += ["-i", str(inventory), "-e", f"@{extra}", str(ROOT / "playbooks" / f"{playbook}.yml")]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    answer = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    return answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"app_port": "eighty"}, ["release_port", "is of type str", "int"]),
        ({"app_health_statuses": "foo"}, ["release_health_statuses", "is of type str", "int"]),
        ({"app_read_only": "maybe"}, ["release_read_only", "is of type str", "bool"]),
        ({"app_secrets_as": "flag"}, ["release_secrets_as must be one of: file, env, got: flag"]),
        ({"app_secrets": SECRET}, ["release_secrets", "is of type str", "dict"]),
        ({"app_secrets": [SECRET]}, ["release_secrets", "is of type list", "dict"]),
        ({"app_secrets": f'{{"DATABASE_URL": "{SECRET}'}, ["release_secrets", "dict"]),
    ],
)
def test_wrong_variable_is_named_with_its_type_and_no_secret_shows(
    wrong: dict[str, Any], told: list[str], tmp_path: Path
) -> None:
    said = deploy(tmp_path, {**RIGHT, **wrong})
    assert [part for part in told if part not in said] == []
    assert SECRET not in said
    assert "unreachable=0" in said
    assert "failed=1" in said


def test_right_variables_get_as_far_as_the_server(tmp_path: Path) -> None:
    said = deploy(tmp_path, {**RIGHT, "notify_slack_channel": "#deploys", "notify_timeout": 5})
    assert "Validation of arguments failed" not in said
    assert "Connection refused" in said
    assert SECRET not in said


@pytest.mark.parametrize("playbook", ["deploy", "rollback", "notify"])
def test_mistyped_notification_setting_is_refused_before_anything_is_asked(
    playbook: str, tmp_path: Path
) -> None:
    said = deploy(tmp_path, {**RIGHT, "notify_slack_chanel": "#deploys"}, playbook)
    assert "notify_slack_chanel is not a setting. Check its spelling" in said
    assert "unreachable=0" in said and "failed=1" in said
