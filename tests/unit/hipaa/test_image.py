"""Each check of an image: green on a clean one, red with a defect that was put in."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ci_scripts import cli
from ci_scripts.evidence import EvidenceError
from ci_scripts.exits import Exit
from ci_scripts.hipaa.image.archive import ImageError, read_archive
from ci_scripts.hipaa.image.checks import CHECKS
from ci_scripts.hipaa.image.context import Scene
from ci_scripts.hipaa.image.layers import final, read
from ci_scripts.hipaa.run import accept
from ci_scripts.hipaa.settings import Accepted, Settings
from ci_scripts.hipaa.verdict import Status
from tests.unit.hipaa.image import Built, Defect, File, clean_image, days_ago, layer_tar, write_tar

SECRET = "hunter2-hunter2"
# In two parts, so that these tests hold nothing that looks like a credential.
KEY = b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj" * 2
OTHER = "sha256:" + "b2" * 32


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """An image without a defect."""
    return clean_image(tmp_path)


def user(name: str) -> Defect:
    return lambda built: built.settings.update(User=name)


def file(path: str, content: bytes = b"x", mode: int = 0o644) -> Defect:
    return lambda built: built.layers[-1].update({path: File(content, mode)})


def hidden(path: str, content: bytes) -> Defect:
    def put(built: Built) -> None:
        built.layers[0][path] = File(content)
        folder, _, name = path.rpartition("/")
        built.layers[1][f"{folder}/.wh.{name}"] = File()

    return put


def replaced(path: str, content: bytes) -> Defect:
    def put(built: Built) -> None:
        built.layers[0][path] = File(content)
        built.layers[1][path] = File(b"nothing")

    return put


def env(variable: str) -> Defect:
    return lambda built: built.settings["Env"].append(variable)


def step(command: str) -> Defect:
    return lambda built: built.history.append({"created_by": command})


def scan(**changes: Any) -> Defect:
    return lambda built: built.scan.update(changes)


def found(**changes: Any) -> Defect:
    one = {"VulnerabilityID": "CVE-2026-1", "PkgName": "libc6", "Severity": "HIGH", **changes}
    return scan(Results=[{"Packages": [{"Name": "libc6"}], "Vulnerabilities": [one]}])


def gate(**changes: Any) -> Defect:
    return lambda built: built.gate.update(changes)


def put(**values: Any) -> Defect:
    def change(built: Built) -> None:
        for name, value in values.items():
            setattr(built, name, value)

    return change


DEFECTS: list[tuple[str, str, Defect, str]] = [
    ("I1", "no user", user(""), "USER: the image runs as root"),
    ("I1", "root", user("root:root"), "runs as root"),
    ("I1", "number 0", user("0:0"), "runs as root"),
    (
        "I1",
        "root by another name",
        lambda built: (user("toor")(built), file("etc/passwd", b"toor:x:0:0::/:/bin/sh\n")(built)),
        "runs as root",
    ),
    ("I1", "an unknown user", user("ghost"), "runs as ghost, which it does not know"),
    ("I1", "setuid", file("app/helper", mode=0o4755), "/app/helper: is setuid"),
    ("I1", "setgid", file("usr/bin/helper", mode=0o2755), "/usr/bin/helper: is setuid or setgid"),
    ("I1", "writable", file("app/settings.py", mode=0o666), "written by everybody"),
    ("I1", "sshd", file("usr/sbin/sshd", mode=0o755), "/usr/sbin/sshd: is an SSH server"),
    ("I1", "gcc", file("usr/bin/x86_64-linux-gnu-gcc-12", mode=0o755), "is a compiler"),
    ("I1", "a compiler again", file("usr/bin/gcc", mode=0o755), "/usr/bin/gcc: is a compiler"),
    ("I2", "environment", env(f"DB_PASSWORD={SECRET}"), "ENV: DB_PASSWORD holds a secret"),
    ("I2", "an address", env(f"BROKER=amqp://shop:{SECRET}@mq/"), "ENV: BROKER holds a secret"),
    ("I2", "a token by its form", env("X=AKIA" + "Q3EGRHGT7XW2NDPZ"), "ENV: X holds a secret"),
    ("I2", "a label", put(settings={"Labels": {"api_key": SECRET}}), "LABEL: api_key holds"),
    (
        "I2",
        "a build argument",
        step(f"RUN |1 NPM_TOKEN={SECRET} /bin/sh -c npm ci"),
        "history: NPM_TOKEN holds a secret in step 2",
    ),
    ("I2", "a command", step(f"RUN curl https://shop:{SECRET}@e.com"), "a command holds a secret"),
    ("I2", "a key file", file("root/.ssh/id_ed25519"), "/root/.ssh/id_ed25519: a file for"),
    ("I2", "an environment file", file("app/.env"), "/app/.env: a file for secrets"),
    ("I2", "the repository", file("app/.git/config"), "/app/.git/config: a file for secrets"),
    ("I2", "a private key", file("app/server.pem", KEY), "private key in layer 2"),
    ("I2", "a removed key", hidden("app/server.pem", KEY), "in layer 1, although a later layer"),
    ("I2", "a replaced key", replaced("app/server.pem", KEY), "in layer 1, although a later layer"),
    ("I3", "fixable", found(FixedVersion="2"), "CVE-2026-1 (HIGH) in libc6"),
    ("I3", "critical", found(FixedVersion="2", Severity="CRITICAL"), "(CRITICAL)"),
    ("I3", "no system", scan(Metadata={}), "did not recognise the operating system"),
    ("I3", "no package", scan(Results=[{}]), "looked at no package"),
    ("I3", "no results", scan(Results=None), "looked at no package"),
    ("I3", "the gate failed", gate(verdict="fail", reason="1 found"), "came to fail: 1 found"),
    ("I3", "not run", gate(verdict="not_run"), "trivy came to not_run"),
    ("I3", "no gate", gate(gate="other"), "the gate trivy is missing"),
    ("I3", "old data", gate(data_date=days_ago(3)), "older than 48 hours"),
    ("I3", "no date", gate(data_date=""), "does not say how old"),
    ("I4", "another scan", scan(Metadata={"ImageID": OTHER}), f"the scan is of {OTHER}"),
    ("I4", "no scan", scan(Metadata={}), "the scan is of no image"),
    ("I4", "another push", put(pushed=OTHER), f"{OTHER} was pushed"),
    ("I4", "no bill", put(bill=None), "no bill of materials"),
    ("I4", "an empty bill", put(bill={"components": []}), "lists no component"),
    ("I4", "another bill", put(bill={"serialNumber": OTHER}), "is of another image"),
]
SOUND: list[tuple[str, str, Defect]] = [
    ("I1", "a number", user("10001:10001")),
    ("I2", "a key's header alone", file("app/tls.py", KEY[:28])),
    ("I2", "an example file", file("app/.env.example")),
    ("I2", "a public key", file("app/id_ed25519.pub")),
    ("I3", "unfixable", found()),
    ("I3", "medium", found(FixedVersion="2", Severity="MEDIUM")),
]


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_is_green_on_a_clean_image(built: Built, check: str) -> None:
    verdict = built.look(check)
    assert (verdict.status, verdict.findings) == (Status.PASS, ()), verdict


@pytest.mark.parametrize(
    ("check", "defect", "said"),
    [(check, defect, said) for check, _, defect, said in DEFECTS],
    ids=[f"{check} {what}" for check, what, _, _ in DEFECTS],
)
def test_a_seeded_defect_turns_its_check_red(
    built: Built, check: str, defect: Defect, said: str
) -> None:
    defect(built)
    verdict = built.look(check)
    assert verdict.status is Status.FAIL, verdict
    assert any(said in str(one) for one in verdict.findings), verdict.findings
    assert SECRET not in str(verdict)


@pytest.mark.parametrize(
    ("check", "change"),
    [(check, change) for check, _, change in SOUND],
    ids=[f"{check} {what}" for check, what, _ in SOUND],
)
def test_what_is_no_defect_stays_green(built: Built, check: str, change: Defect) -> None:
    change(built)
    verdict = built.look(check)
    assert (verdict.status, verdict.findings) == (Status.PASS, ()), verdict


def test_every_check_has_a_seeded_defect() -> None:
    assert {check for check, *_ in DEFECTS} == set(CHECKS)


def test_a_digest_that_only_the_scanner_knows_counts(built: Built) -> None:
    built.digests = frozenset()
    assert built.look("I4").status is Status.NOT_TESTED
    known = {"ImageID": built.id, "RepoDigests": [f"registry.example.com/shop@{built.pushed}"]}
    built.scan["Metadata"] = known
    assert built.look("I4").status is Status.PASS


def test_without_a_pushed_digest_nothing_is_compared(built: Built) -> None:
    built.pushed = ""
    verdict = built.look("I4")
    assert verdict.status is Status.NOT_TESTED and "--pushed-digest" in verdict.reason


def test_an_accepted_finding_does_not_stand_for_what_was_not_compared(built: Built) -> None:
    built.pushed, built.bill = "", None
    found = built.look("I4")
    assert found.status is Status.FAIL
    entries = tuple(Accepted("I4", one.place, (one.key,), "made up") for one in found.findings)
    verdict = accept("I4", found, Settings(accepted=entries), date(2026, 3, 1))
    assert verdict.status is Status.NOT_TESTED and "--pushed-digest" in verdict.reason


@pytest.mark.parametrize("check", ["I3", "I4"])
def test_missing_results_never_pass(built: Built, check: str) -> None:
    image = built.read()
    assert CHECKS[check](Scene(image, built.folder, True)).status is Status.ERROR
    assert CHECKS[check](Scene(image, built.folder, False)).status is Status.NOT_TESTED


def test_results_that_are_not_trivy_s_are_an_error(built: Built) -> None:
    built.scan = {"Metadata": None}
    with pytest.raises(EvidenceError, match="trivy-results.json"):
        built.look("I3")
    built.scan, built.gate = {}, {"data_date": "yesterday"}
    with pytest.raises(EvidenceError, match="yesterday"):
        built.look("I3")


def test_both_kinds_of_archives_hold_the_same_image(built: Built) -> None:
    docker, oci = read_archive(built.docker_archive(), "a"), read_archive(built.oci_archive(), "a")
    assert docker.id == oci.id == built.id
    assert docker.config == oci.config
    assert final(docker.layers) == final(oci.layers)
    assert (len(docker.digests), len(oci.digests)) == (0, 1)
    assert read(oci.layers, "app/shop.py") == b"print('shop')\n"


def test_what_a_later_layer_removes_is_not_seen_by_a_container(built: Built) -> None:
    seen = final(built.read().layers)
    assert "usr/bin/passwd" in seen and "app/shop.py" in seen
    assert "usr/bin/gcc" not in seen and "opt/tools/sbin/sshd" not in seen


def test_what_comes_in_the_layer_that_removes_stays(built: Built) -> None:
    built.layers = [
        {"a/old": File(), "a/kept": File(b"1")},
        {"a/kept": File(b"2"), "a/new": File(), "a/.wh..wh..opq": File()},
    ]
    layers = built.read().layers
    assert sorted(final(layers)) == ["a/kept", "a/new"]
    assert read(layers, "a/kept") == b"2"


def broken_archives(built: Built) -> dict[str, dict[str, bytes]]:
    two = json.dumps([{"Config": "c", "Layers": []}] * 2).encode()
    manifest = json.dumps([{"Config": "c", "Layers": ["l"]}]).encode()
    return {
        "no manifest": {"hello": b"world"},
        "two images": {"manifest.json": two},
        "no config": {"manifest.json": manifest, "l": layer_tar({})},
        "no layer": {"manifest.json": manifest, "c": b"{}"},
        "no layers": {"manifest.json": b'[{"Config": "c", "Layers": []}]', "c": b"{}"},
        "no JSON": {"manifest.json": b"["},
        "two platforms": {"index.json": b'{"manifests": [{}, {}]}'},
        "no digest": {"index.json": b'{"manifests": [{"size": 1}]}'},
    }


def test_an_archive_that_cannot_be_understood_is_refused(built: Built, tmp_path: Path) -> None:
    for what, files in broken_archives(built).items():
        with pytest.raises(ImageError, match="archive|image|layers"):
            read_archive(write_tar(tmp_path / "broken.tar", files), what)
    (tmp_path / "broken.tar").write_bytes(b"no tar")
    with pytest.raises(ImageError, match="broken.tar cannot be read"):
        read_archive(tmp_path / "broken.tar", "x")


def test_a_layer_in_an_unknown_compression_is_an_error_and_no_pass(built: Built) -> None:
    manifest = json.dumps([{"Config": "c", "Layers": ["l"]}]).encode()
    files = {"manifest.json": manifest, "c": b"{}", "l": b"\x28\xb5\x2f\xfd" + b"z" * 600}
    image = read_archive(write_tar(built.folder / "zstd.tar", files), "x")
    for check in ("I1", "I2"):
        with pytest.raises(ImageError, match="the layer l cannot be read"):
            CHECKS[check](Scene(image, built.folder))


def test_the_command_looks_at_an_archive_and_leaves_the_source_out(
    built: Built, tmp_path: Path
) -> None:
    archive, output = built.docker_archive(), tmp_path / "out"
    fixed = ["hipaa", "--image", str(archive), "--project", str(tmp_path), "--output", str(output)]
    ended = CliRunner().invoke(cli.app, fixed)
    assert ended.exit_code == Exit.DONE, ended.output
    told = json.loads((output / "hipaa-results.json").read_text())
    by_id = {one["id"]: one["result"] for one in told["checks"]}
    assert (by_id["I1"], by_id["I2"], by_id["S1"]) == ("pass", "pass", "not_tested")
    assert told["subjects"] == [f"docker.tar ({built.id})"]
    (tmp_path / "hipaa.toml").write_text("")
    user("root")(built)
    built.docker_archive()
    assert CliRunner().invoke(cli.app, fixed).exit_code == Exit.GATE_FAILED


def test_an_image_that_is_none_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for image, said in ((str(tmp_path / "notes.txt"), "notes.txt"), ("Shop:1", "'Shop:1'")):
        ended = CliRunner().invoke(cli.app, ["hipaa", "--image", image, "--project", str(tmp_path)])
        assert ended.exit_code == Exit.BAD_INPUT and said in ended.stderr
    digest = ["--pushed-digest", "1.4.0"]
    ended = CliRunner().invoke(cli.app, ["hipaa", "--source", *digest])
    assert ended.exit_code == Exit.BAD_INPUT and "--pushed-digest: '1.4.0'" in ended.stderr
