"""Blue and green: which of an application's two slots serves, and which is free. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

BLUE = "blue"
GREEN = "green"
SLOTS = (BLUE, GREEN)


def other(slot: str) -> str:
    """Return the slot beside ``slot``."""
    return GREEN if slot == BLUE else BLUE


@dataclass(frozen=True)
class Layout:
    """Where an application's traffic goes on one host.

    Attributes:
        serving: the slot that new requests go to, or None when neither takes them.
        free: the slot a candidate may use.
        ambiguous: both slots take traffic, as only while a release gets it step by step.
    """

    serving: str | None
    free: str
    ambiguous: bool = False

    def trusting(self, slot: str) -> Layout:
        """Return an ambiguous layout with the slot that served before as the serving one."""
        if not self.ambiguous or slot not in SLOTS:
            return self
        return replace(self, serving=slot, free=other(slot))


def layout(states: Mapping[str, str], running: Mapping[str, bool]) -> Layout:
    """Decide the layout from the proxy's slot states and from which containers run.

    Args:
        states: slot to proxy state (``ready``, ``drain`` or ``maint``).
        running: slot to whether a container of the application runs in it.

    A slot whose container is gone serves nobody even when the proxy still points at it, but it
    stays the serving slot: the candidate must start beside it, never in its place.
    """
    ready = [slot for slot in SLOTS if states.get(slot) == "ready"]
    if len(ready) == 1:
        return Layout(ready[0], other(ready[0]))
    if len(ready) == 2:
        # HAProxy starts so without a state file; its checks then pick the slot that answers.
        alive = [slot for slot in ready if running.get(slot)]
        if len(alive) == 1:
            return Layout(alive[0], other(alive[0]))
        if alive:
            return Layout(BLUE, GREEN, ambiguous=True)
    return Layout(None, GREEN if running.get(BLUE) and not running.get(GREEN) else BLUE)
