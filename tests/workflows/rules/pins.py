"""Every action, tool and service image is pinned to what `pins.toml` has, with its version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..model import ROOT, Workflow, Workflows

PINS = tomllib.loads((Path(__file__).parents[1] / "pins.toml").read_text(encoding="utf-8"))
_USES = re.compile(r"^\s*-? *uses: *(?P<what>\S+)(?P<rest>.*)$", re.MULTILINE)
_OWN = "$/"


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for name, text in {**{one.name: one.text for one in workflows.values()}, **_actions()}.items():
        for match in _USES.finditer(text):
            yield from _use(name, match["what"], match["rest"].strip())
    for workflow in workflows.values():
        yield from _tools(workflow)
        yield from _images(workflow)


def _use(name: str, what: str, rest: str) -> Iterator[str]:
    if what.startswith(_OWN):
        if not (ROOT / what.removeprefix(_OWN)).exists():
            yield f"{name}: {what} is not there"
        return
    action, _, version = what.partition("@")
    pin = PINS["actions"].get(action)
    if pin is None:
        yield f"{name}: {action} is not in the table of pins"
    elif (version, rest) != (pin["commit"], f"# {pin['version']}"):
        yield f"{name}: {what} {rest} is not {pin['commit']} # {pin['version']}"


def _tools(workflow: Workflow) -> Iterator[str]:
    for step in workflow.steps:
        wanted = PINS["tools"].get(step.action)
        if wanted and step.inputs.get("version") != wanted:
            yield f"{workflow.name}: {step} does not install {wanted}"


def _images(workflow: Workflow) -> Iterator[str]:
    for job in workflow.jobs:
        services = job.content.get("services", {})
        for image in [str(one.get("image", "")) for one in services.values()]:
            name, _, version = image.partition(":")
            if PINS["images"].get(name) != version:
                yield f"{workflow.name}: the service image {image} is not in the table of pins"


def _actions() -> dict[str, str]:
    paths = (ROOT / ".github" / "actions").glob("*/action.yml")
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}
