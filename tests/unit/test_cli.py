"""The command line: whatever is typed, the answer is a sentence and an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ci_scripts import __version__, cli
from ci_scripts import command as command_of
from ci_scripts.exits import CommandError, Exit
from ci_scripts.report import Report
from tests.unit.builders import RELEASE_ID, ROOT

IMAGE = "registry.example.com/shop:1.4.0"
INJECTIONS = {
    "jinja": "{{ lookup('pipe', 'id') }}",
    "jinja block": "{% for x in ().__class__.__base__.__subclasses__() %}",
    "jinja comment": "{# x #}",
    "shell": "x; touch /tmp/owned",
    "shell substitution": "$(id)",
    "backticks": "`id`",
    "pipe": "a|b",
    "redirect": "a>b",
    "extra variable": "x ansible_connection=local",
    "at file": "@/etc/passwd",
    "yaml": "!!python/object/apply:os.system [id]",
    "yaml anchor": "&a *a",
    "yaml document": "a\n---\nb: c",
    "slack mention": "<!channel>",
    "slack link": "<https://evil.example|fine>",
    "html": "<script>alert(1)</script>",
    "terminal colour": "\x1b[31mred",
    "terminal title": "\x1b]0;owned\x07",
    "c1 escape": "\x9b31m",
    "newline": "a\nb",
    "carriage return": "a\rb",
    "long": "x" * 10_000,
    "nul": "a\0b",
    "right to left": "a\u202eb",
    "isolate": "a\u2066b\u2069",
    "zero width": "a\u200bb",
    "fullwidth": "ａｂｃ",
    "traversal": "../../etc/passwd",
    "option": "--extra-vars=@x",
    "quote": "a'b\"c",
    "backslash": "a\\b",
    "percent": "%s%n",
    "empty brackets": "[/]",
    "surrogate": "a\udc80b",
}

EMERGENCY = ["emergency-access", "staging"]

pytestmark = pytest.mark.usefixtures("no_ansible")


@pytest.fixture
def inventories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment staging with a server, and one without."""
    for name in ("ANSIBLE_DEBUG", "ANSIBLE_KEEP_REMOTE_FILES", "GITHUB_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "inventories"
    (folder / "staging").mkdir(parents=True)
    (folder / "staging" / "hosts.yml").write_text("all: {}\n")
    (folder / "empty").mkdir()
    monkeypatch.setenv("IADEPLOY_INVENTORIES", str(folder))
    return folder


def iactl(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def refused(result: Result, *named: str) -> str:
    """Assert a refusal in one paragraph that names what, where and what next; return it."""
    assert result.exit_code == Exit.BAD_INPUT, result.output
    text: str = result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert "" not in text.strip().splitlines()
    assert text.isascii() or all(char.isprintable() or char == "\n" for char in text)
    for name in named:
        assert name in text
    return text


def test_without_bad_input_ansible_would_have_been_started(inventories: Path) -> None:
    result = iactl("deploy", "staging", "--image", IMAGE, "--actor", "ops")
    assert result.exit_code == Exit.INTERNAL
    assert "ansible_runner.interface" in result.stderr
    assert inventories.is_dir()


BAD: list[tuple[list[str], tuple[str, ...]]] = [
    (["status", "production"], ("'production'", "Choose one of: empty, staging.")),
    (["bootstrap", "production"], ("'production'", "Choose one of")),
    (["history", "production"], ("'production'", "Choose one of")),
    (["verify", "production"], ("'production'", "Choose one of")),
    (["verify", "production", "--watch", "9"], ("'production'", "Choose one of")),
    (["rollback", "production"], ("'production'", "Choose one of")),
    (["deploy", "production", "--image", IMAGE], ("'production'", "Choose one of")),
    (["status", "empty"], ("hosts.yml", "Write one")),
    (["status", "Staging"], ("ENV: 'Staging'", "Use the name of a folder")),
    (["status", "staging", "--inventories", "/absent"], ("--inventories: '/absent'", "Use ")),
    (["deploy", "staging", "--image", "Shop"], ("--image: 'Shop'", "Give it as")),
    (["deploy", "staging", "--image", ""], ("--image: ''", "Give it as")),
    (["rollback", "staging", "--to", "1.3.0"], ("--to: '1.3.0'", "iactl history")),
    (["rollback", "staging", "--to", ""], ("--to: ''", "iactl history")),
    (["rollback", "staging", "--actor", "a b"], ("--actor: 'a b'", "log-in name")),
]


@pytest.mark.parametrize(("arguments", "named"), BAD, ids=lambda value: " ".join(value))
def test_bad_input_is_one_paragraph_and_exit_2(
    inventories: Path, arguments: list[str], named: tuple[str, ...]
) -> None:
    text = refused(iactl(*arguments), *named, "[exit 2]")
    assert "  → " in text
    assert inventories.is_dir()


@pytest.mark.parametrize(("arguments", "named"), BAD, ids=lambda value: " ".join(value))
def test_bad_input_as_json_is_one_object_with_the_same_words(
    inventories: Path, arguments: list[str], named: tuple[str, ...]
) -> None:
    result = iactl(*arguments, "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["exit_code"], said["outcome"]) == (2, 2, "bad_input")
    assert said["schema"] == 1
    assert named[0] in said["message"] and said["next_step"]
    assert "✘" not in result.stderr
    assert inventories.is_dir()


def test_an_emergency_access_that_may_not_be_given_is_bad_input(
    inventories: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    right = ["--public-key", f"{key}.pub", "--reason", "the bastion is down"]
    assert iactl(*EMERGENCY, *right).exit_code == Exit.INTERNAL  # gets as far as Ansible
    wrong: list[tuple[list[str], str]] = [
        ([], "--public-key is missing"),
        (right[:2], "--reason is missing"),
        ([*right, "--minutes", "0"], "--minutes: '0' is not allowed"),
        ([*right, "--minutes", "481"], "--minutes: '481' is not allowed"),
        ([*right[:3], "a\nb"], "--reason: 'a\\nb' is not allowed"),
        (["--public-key", str(key), *right[2:]], "that is a private key"),
        (["--public-key", "/absent", *right[2:]], "/absent cannot be read"),
        (["--public-key", "/dev/null", *right[2:]], "there are 0 keys"),
        (["--end", *right], "--end goes with neither"),
        (["--end", "--minutes", "5"], "--end goes with neither"),
    ]
    for arguments, named in wrong:
        text = refused(iactl(*EMERGENCY, *arguments), named, "[exit 2]")
        assert key.read_text().splitlines()[1] not in text
    assert inventories.is_dir()


@pytest.mark.parametrize("variable", ["ANSIBLE_DEBUG", "ANSIBLE_KEEP_REMOTE_FILES"])
def test_a_switch_under_which_ansible_leaks_is_refused(
    inventories: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    refused(iactl("status", "staging"), variable, f"unset {variable}")
    assert inventories.is_dir()


@pytest.mark.parametrize("kind", INJECTIONS)
@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy", "staging", "--image={}"],
        ["deploy", "staging", "--image=registry.example.com/shop:{}"],
        ["deploy", "staging", "--image=registry.example.com/{}:1"],
        ["rollback", "staging", f"--to={RELEASE_ID}{{}}"],
        ["rollback", "staging", "--actor=a{}"],
        ["status", "--", "staging{}"],
        ["status", "--", "{}"],
    ],
    ids=["image", "tag", "repository", "to", "actor", "env tail", "env"],
)
def test_what_could_run_somewhere_is_refused_before_ansible_starts(
    inventories: Path, kind: str, arguments: list[str]
) -> None:
    value = INJECTIONS[kind]
    typed = [argument.replace("{}", value) for argument in arguments]
    text = refused(iactl(*typed))
    assert len(text) < 1500
    assert not {"\x1b", "\x07", "\x9b", "\0", "\u202e", "\u2066", "\u200b"} & set(text)
    assert inventories.is_dir()


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy", "staging"],
        ["deploy"],
        ["destroy", "staging"],
        ["history", "staging", "--limit", "0"],
        ["history", "staging", "--limit", "many"],
        ["verify", "staging", "--watch", "0"],
        ["status", "staging", "--unknown"],
    ],
    ids=" ".join,
)
def test_a_command_that_is_put_together_wrongly_is_exit_2_too(arguments: list[str]) -> None:
    result = iactl(*arguments)
    assert result.exit_code == Exit.BAD_INPUT
    assert "Traceback" not in result.output


def test_help_lists_every_command_and_every_exit_code() -> None:
    text = " ".join(iactl("--help").output.split())
    commands = ("bootstrap", "deploy", "rollback", "status", "history", "verify", "hipaa", "notify")
    for command in commands:
        assert command in text
    for code in Exit:
        assert f"{int(code)} {code.meaning}" in text


def test_the_version_is_printed() -> None:
    result = iactl("--version")
    assert (result.exit_code, result.stdout) == (0, f"iactl {__version__}\n")


@pytest.mark.parametrize("code", list(Exit))
def test_the_process_ends_with_the_report_s_code(
    code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command_of.finish(lambda: Report("status", "staging", code, "said"), False, False)
    assert caught.value.code == code
    printed = capsys.readouterr()
    assert "said" in (printed.out if code is Exit.DONE else printed.err)


def test_a_fault_of_our_own_is_a_sentence_and_a_traceback_only_when_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> Report:
        raise ZeroDivisionError("division by zero")

    for debug in (False, True):
        with pytest.raises(SystemExit) as caught:
            command_of.finish(work, False, debug)
        assert caught.value.code == Exit.INTERNAL
        text = capsys.readouterr().err
        assert "fault in iactl: ZeroDivisionError" in text and "--debug" in text
        assert ("Traceback" in text) is debug


def test_a_refusal_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> Report:
        raise CommandError(Exit.LOCKED, "Another deploy runs.", "Wait.")

    with pytest.raises(SystemExit) as caught:
        command_of.finish(work, True, True)
    assert caught.value.code == Exit.LOCKED
    assert json.loads(capsys.readouterr().out)["exit_code"] == 6


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    code = "import sys; from ci_scripts.cli import main; sys.argv[0] = 'iactl'; main()"
    environment = {"PATH": os.environ["PATH"], "HOME": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_closed_pipe_changes_no_exit_code(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code = "import sys; from ci_scripts.cli import main; sys.argv[0] = 'iactl'; main()"
    with os.fdopen(writer, "wb") as closed:
        ended = subprocess.run(
            [sys.executable, "-c", code, "status", "Nowhere!", *arguments],
            cwd=ROOT,
            stdout=closed,
            stderr=closed,
            timeout=30,
            check=False,
        )
    assert ended.returncode == Exit.BAD_INPUT


def test_as_a_process_a_refusal_is_told_on_standard_error_and_in_the_exit_code() -> None:
    ended = command("deploy", "staging", "--image", "\x1b[31m", LANG="C.UTF-8")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"Traceback" not in ended.stderr and b"\x1b" not in ended.stderr


def test_a_terminal_without_our_signs_gets_the_sentence_all_the_same() -> None:
    ended = command("deploy", "staging", "--image", "Shop", PYTHONIOENCODING="ascii")
    assert ended.returncode == 2
    assert b"--image: 'Shop'" in ended.stderr and b"Traceback" not in ended.stderr


def test_a_success_is_told_to_a_terminal_without_our_signs() -> None:
    code = (
        "import ci_scripts.cli as c\n"
        "import ci_scripts.command as f\n"
        "from ci_scripts.report import Report\n"
        "c.app = lambda: f.finish(lambda: Report('x', 'y', message='done'), False, False)\n"
        "c.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, b"done" in ended.stdout) == (0, True)
