"""What a command found out and did: the one object behind the text and ``--json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .exits import Exit


@dataclass
class Report:
    """The outcome of one command.

    Attributes:
        command: the command's name.
        environment: the environment it ran for.
        exit: its exit code.
        message: what happened, one sentence.
        next_step: what to do now, one sentence, or an empty string.
        details: further lines that explain the message, such as a container's last log lines.
        hosts: per server, what is known of it.
        data: what only this command has.
        seconds: how long it took.
        at: when it ended (ISO 8601, UTC); a report that is kept as evidence tells its age by it.
    """

    command: str
    environment: str
    exit: Exit = Exit.DONE
    message: str = ""
    next_step: str = ""
    details: list[str] = field(default_factory=list)
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    at: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        answer = asdict(self)
        answer["exit_code"] = int(answer.pop("exit"))
        answer["outcome"] = self.exit.name.lower()
        answer["seconds"] = round(self.seconds, 3)
        return {"schema": 1, **answer}


def count_servers(count: int) -> str:
    """Return a number of servers in words."""
    return "1 server" if count == 1 else f"{count} servers"
