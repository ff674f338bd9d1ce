"""The reference application from a commit to running servers, by the workflows' own lines."""

from __future__ import annotations

import pytest

from .application import Application
from .events import push
from .harness import Run, World
from .site import Site

pytestmark = pytest.mark.rig


def test_development_reaches_staging(
    world: World, application: Application, bootstrapped: Site
) -> None:
    commit = application.push("development")
    outcome = Run(world, push("development", commit)).execute(application.workflow("pipeline.yml"))
    print(outcome.results, outcome.seconds)
    assert outcome.failed == [], outcome.explain()
