"""What is wrong with a release's settings beyond their types, before any server is asked. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

_CANARY = re.compile(r"none|[0-9]{1,4}|(100|[0-9]{1,2})%")


def release_mistake(unknown: list[str], canary: Any, traffic: list[int]) -> str:
    """Return the first mistake as one sentence, or an empty text.

    Args:
        unknown: variables with the prefix of the product's settings that are none of them.
        canary: how many servers go first.
        traffic: percents of new requests, step by step.
    """
    if unknown:
        return (
            f"{', '.join(unknown)} is not a setting. Check its spelling against docs/settings.md."
        )
    if not _CANARY.fullmatch(str(canary)):
        return (
            f"app_canary is {json.dumps(str(canary))}. Use none, a number of servers such as 1, or"
            " a share such as 25%."
        )
    rises = traffic == sorted(set(traffic)) and traffic[-1:] == [100] and traffic[0] > 0
    if not rises:
        return (
            f"app_traffic is {json.dumps(traffic)}. Use percents that rise from at least 1 up to"
            " 100, such as [5, 25, 100]."
        )
    return ""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {"release_mistake": release_mistake}
