"""A deploy runs from its package: a fresh commit, a pinned key, and what production asks for."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Job, Step, Workflows

# The record of what was pushed, in the package: repository and digest.
_ENVIRONMENT = "${{ inputs.environment }}"
_PACKAGED = "release/.venv/bin/"
_FRESH = '--branch "$(jq --raw-output .branch release/package.json)"'
_DIGEST = '--image "$(jq --raw-output .image release/release.json)"'


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for name, verb in (("deploy.yml", "deploy"), ("rollback.yml", "rollback")):
        for what in _job(workflows[name].job(verb), verb):
            yield f"{name}: {what}"


def _job(job: Job, verb: str) -> Iterator[str]:
    environment = job.content.get("environment")
    if not isinstance(environment, dict) or environment.get("name") != _ENVIRONMENT:
        yield "the job has no environment"
    if any(step.action == "actions/checkout" for step in job.steps):
        yield "it needs a checkout"
    acts = _first(job, f"exec iactl {verb}")
    if acts is None:
        yield f"it does not {verb}"
        return
    before = ["iactl ci prepare"]
    if verb == "deploy":
        before += ["iactl ci fresh", "exec iactl backup production", "iactl ci verify-production"]
        fresh = _first(job, "iactl ci fresh")
        # Production's image was built on development, and release.json says so.
        if fresh is not None and _FRESH not in fresh.run:
            yield "it does not ask for the head of the branch that it was packed on"
        if _DIGEST not in acts.run:
            yield "it does not deploy the digest of the package"
    for line in before:
        step = _first(job, line)
        if step is None or step.number > acts.number:
            yield f"nothing runs '{line}' before it acts"
    if verb == "rollback" and _first(job, "iactl ci fresh") is not None:
        yield "going back asks for the newest commit"
    condition = str((_first(job, "iactl ci verify-production") or acts).content.get("if", ""))
    if verb == "deploy" and condition != "inputs.environment == 'production'":
        yield f"production is looked into under the condition {condition!r}"
    clean = _first(job, "iactl ci clean")
    if clean is None or clean.number < acts.number or clean.content.get("if") != "always()":
        yield "the key may stay behind"


def _first(job: Job, start: str) -> Step | None:
    """The first step with a command, by its path in the package or without."""
    lines = ((step, step.run.replace(_PACKAGED, "")) for step in job.steps)
    return next((step for step, line in lines if line.startswith(start)), None)
