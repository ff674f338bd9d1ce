"""How an image is built and scanned: the command lines, the labels, what is accepted."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.checkout import with_commit
from ci_scripts.exits import CommandError, Exit
from ci_scripts.gates.allow import Entry
from ci_scripts.gates.scanners.trivy import Scan
from ci_scripts.gates.verdict import Finding, Outcome, error, judged
from ci_scripts.image import trivy
from ci_scripts.image.build import build_arguments, labels
from ci_scripts.image.records import parse_built, parse_pushed
from ci_scripts.image.tools import Order, Tool

from . import evidence

COMMIT = "54aa2150c1d2" + "0" * 28
ORDER = Order(
    context=Path("/app"),
    dockerfile=Path("/app/Dockerfile"),
    labels={"a": "1"},
    arguments={"B": "2"},
    secrets=("id=c,src=/c",),
    cache_from=("type=gha",),
    cache_to=("type=gha,mode=max",),
)
COMMON = "--progress plain --file /app/Dockerfile --label a=1 --build-arg B=2 --secret id=c,src=/c"


def test_buildx_writes_an_archive_of_one_image_and_uses_the_caches() -> None:
    command = Tool("docker", buildx=True).command(ORDER, Path("/out/image.tar"), Path("/id"))
    assert " ".join(command) == (
        "docker buildx build --provenance=false --sbom=false"
        " --output type=docker,dest=/out/image.tar"
        f" --cache-from=type=gha --cache-to=type=gha,mode=max {COMMON} /app"
    )


def test_without_buildx_the_engine_s_image_is_named_by_its_id() -> None:
    command = Tool("docker", buildx=False).command(ORDER, Path("/out/image.tar"), Path("/id"))
    assert " ".join(command) == f"docker build --iidfile /id {COMMON} /app"


@pytest.mark.parametrize(
    ("version", "commit", "expected"),
    [
        ("1.4.0", COMMIT, "1.4.0+54aa2150c1d2"),
        ("1.4.0", f"{COMMIT}-dirty", "1.4.0+54aa2150c1d2.dirty"),
        ("1.4.0+local", COMMIT, "1.4.0+local.54aa2150c1d2"),
    ],
)
def test_a_version_names_its_commit(version: str, commit: str, expected: str) -> None:
    assert with_commit(version, commit) == expected


def test_labels_say_where_an_image_comes_from() -> None:
    github = {"GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "o/r"}
    prefix = "org.opencontainers.image."
    assert labels(COMMIT, "1", "now", github) == {
        f"{prefix}revision": COMMIT,
        f"{prefix}version": "1",
        f"{prefix}created": "now",
        f"{prefix}source": "https://github.example/o/r",
    }
    assert set(labels(COMMIT, "", "now", {})) == {f"{prefix}revision", f"{prefix}created"}


def test_build_arguments_are_taken_apart_at_the_first_sign() -> None:
    assert build_arguments(("A=1", "B=x=y", "C=")) == {"A": "1", "B": "x=y", "C": ""}


@pytest.mark.parametrize("text", ["A", "=1", "a b=1", "API_KEY=sentinel-51", "DB_PASSWORD=x"])
def test_a_build_argument_that_is_none_or_a_secret_is_refused(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        build_arguments((text,))
    assert caught.value.code is Exit.BAD_INPUT
    assert "sentinel" not in caught.value.what + caught.value.next_step


def test_the_scanner_gets_no_setting_that_changes_what_it_says() -> None:
    kept = {"PATH": "/bin", "TRIVY_CACHE_DIR": "/c", "TRIVY_SKIP_DB_UPDATE": "true"}
    hiding = dict.fromkeys(
        ("TRIVY_SEVERITY", "TRIVY_IGNORE_UNFIXED", "TRIVY_CONFIG", "TRIVY_SKIP_DIRS"), "x"
    )
    assert trivy.environment({**kept, **hiding}) == kept


FIXABLE, UNFIXABLE = Finding("CVE-1", "fixed in 2", "zlib"), Finding("CVE-2", "no fix yet", "zlib")
SCAN = Scan("", "debian", False, 9, (FIXABLE,), (UNFIXABLE,), 0, frozenset())


@pytest.mark.parametrize(
    ("found", "accepted", "expected"),
    [
        ((), (), Outcome.PASS),
        ((UNFIXABLE,), (), Outcome.FAIL),
        ((UNFIXABLE,), ("CVE-2",), Outcome.PASS),
        ((FIXABLE,), ("CVE-1",), Outcome.FAIL),
        ((FIXABLE, UNFIXABLE), ("CVE-1", "CVE-2"), Outcome.FAIL),
    ],
)
def test_what_has_a_fix_is_never_accepted(
    found: tuple[Finding, ...], accepted: tuple[str, ...], expected: Outcome
) -> None:
    today = date(2026, 3, 1)
    entries = [Entry("trivy", one, "why", "who", date(2026, 4, 1)) for one in accepted]
    verdict = trivy.accept(judged("trivy", found, 9, "packages"), SCAN, entries, today)
    assert verdict.verdict is expected
    assert (FIXABLE in verdict.findings) is (FIXABLE in found)


def test_an_error_stays_one() -> None:
    verdict = trivy.accept(error("trivy", "broke"), SCAN, [], date(2026, 3, 1))
    assert verdict.verdict is Outcome.ERROR


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"digest": "latest"},
        {"image_id": ""},
        {"image": "registry.example.com/other@sha256:0"},
        {"tags": "main"},
        {"commit": 7},
    ],
    ids=str,
)
def test_a_record_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as caught:
        parse_pushed({**evidence.release(), **change}, Path("release.json"))
    assert caught.value.code is Exit.BAD_INPUT


@pytest.mark.parametrize("document", [None, [], {}, {"schema": 1}])
def test_what_is_no_record_is_refused(document: Any) -> None:
    for parse in (parse_built, parse_pushed):
        with pytest.raises(CommandError):
            parse(document, Path("x.json"))


def test_a_record_comes_back_as_it_was_written() -> None:
    document = json.loads(json.dumps(evidence.release()))
    record = parse_pushed(document, Path("release.json"))
    assert (record.tags, record.is_of_a_commit) == (("main",), True)
