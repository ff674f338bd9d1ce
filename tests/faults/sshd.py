"""What several rows do to a server's sshd, from behind its back."""

from __future__ import annotations

from tests.fleet.server import Server

# Connections that are open already are cut with it; else the next command would go through them.
RESTART_SSHD = (
    "pkill -KILL -x sshd; while pgrep -x sshd > /dev/null; do sleep 0.05; done;"
    " service ssh start > /dev/null"
)


def shell(server: Server, script: str) -> None:
    """Run a script on a server, not over SSH."""
    server.run(["sh", "-c", script], check=True)
