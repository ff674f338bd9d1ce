"""What the pipeline keeps or writes is in no image, also of an application that copies all."""

from __future__ import annotations

from pathlib import Path

from .events import push
from .stage import Stage

OTHERS = ("security-scan", "lint", "test", "codecov", "package", "deploy-staging", "summary")


def test_the_build_sees_the_checkout_and_nothing_else(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path)
    for cached in (False, True):
        outcome = stage.run("ci.yml", push("development", stage.commits["newer"]), *OTHERS)
        assert outcome.failed == [], outcome.explain()
        (seen,) = (stage.world.folder / "home").glob("context")
        assert set(seen.read_text(encoding="utf-8").split()) == {
            ".",
            "./Dockerfile",
            "./requirements.lock",
        }, cached
    (kept,) = stage.world.caches.values()
    assert (kept / "layer").is_file()
    assert {"image.tar", "image.json"} == stage.world.artifacts.files(outcome.number, "image")
