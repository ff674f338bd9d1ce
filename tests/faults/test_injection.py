"""Row 21: texts that do harm where somebody takes them for more than texts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.operator import Said
from tests.e2e.site import Site
from tests.peers import Slack
from tests.peers.slack import TOKEN

from .row import Row

pytestmark = [pytest.mark.rig, pytest.mark.row(21)]

PWNED = "/tmp/pwned"
SENTENCE = f"x; touch {PWNED}"
HARMFUL = (
    "{{ 7 * 191 }}",
    f"$(touch {PWNED})",
    f"`touch {PWNED}`",
    SENTENCE,
    "!!python/object/apply:os.system [id]",
    "<!channel> <https://evil.example|log in>",
    "\x1b[2Jgone",
    "two\nlines",
    "\u202egnp.exe",
    "../../etc/passwd",
    "-e@/etc/passwd",
    "x" * 10240,
)
TAG = "registry.rig.internal:5000/tiny:"


def asked(harm: str) -> list[tuple[str, ...]]:
    """Return commands that take a harmful text in each place."""
    image = f"{TAG}1.0.0-ok"
    commands: list[tuple[str, ...]] = [
        ("deploy", "--image", TAG + harm),
        ("deploy", "--image", image, f"--actor={harm}"),
        ("rollback", f"--to={harm}"),
    ]
    if harm != SENTENCE:  # a reason is one, and stays text
        commands.append(("audit acknowledge", f"--reason={harm}"))
    return commands


def test_harmful_input_is_refused_before_any_connection(
    row: Callable[..., Row], site: Site
) -> None:
    def attempt(arguments: tuple[str, ...]) -> Said:
        return site.operator.run(*arguments)

    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        commands = [one for harm in HARMFUL for one in asked(harm)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(attempt, commands))
        for arguments, said in zip(commands, answers, strict=True):
            assert said.code == 2, (arguments, said.text)
            assert not said.report["hosts"], "it went to a server"
            assert said.text.replace("\n", "").isprintable(), ascii(said.text)
            assert "1337" not in said.text and len(said.text) < 1000
        assert {name: one.at_rest for name, one in it.look().items()} == before
        assert not_harmed(site)


def test_harmful_output_of_an_application_stays_text(
    row: Callable[..., Row], site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    with row() as it, Slack() as slack:
        it.configure(
            app_health_deadline=2,
            app_env={"GREETING": f"$(touch {PWNED}) `id`; <!channel> 'x' \"y\" \u202e"},
            notify_slack_channel="#deploys",
            notify_slack_api_url=slack.api_url,
            notify_log=str(tmp_path / "activity.jsonl"),
        )
        shown = on_a_terminal(site, "deploy", "--image", site.images("3.0.0", "rude"))
        assert shown.returncode == 4, shown.stdout + shown.stderr
        for text in (shown.stdout, shown.stderr):
            assert text.replace("\n", "").isprintable(), ascii(text)
            assert "1337" not in text and max(map(len, text.splitlines()), default=0) < 5000
        assert "{{ 7 * 191 }}" in shown.stderr, shown.stderr  # told, as the text that it is
        said = it.deploy("3.0.0", "rude")
        assert said.code == 4, said.text
        bodies = [one.body.decode() for one in slack.requests]
        assert bodies and not any("<!channel>" in one or "1337" in one for one in bodies)
        it.configure(app_health_deadline=60)
        assert it.deploy(it.new).code == 0
        for server in site.servers:
            [name] = it.look([server])[server.name].running
            variables = server.run(["docker", "exec", name, "env"], check=True).stdout
            assert f"GREETING=$(touch {PWNED}) `id`; <!channel> 'x' \"y\" \u202e" in variables
        assert not_harmed(site)


def on_a_terminal(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as people do, without --json."""
    process = site.operator.start(*arguments, as_json=False)
    output, progress = process.communicate(timeout=180)
    return subprocess.CompletedProcess(arguments, process.returncode, output, progress)


def not_harmed(site: Site) -> bool:
    """Tell whether no text was run by a shell, here or on a server."""
    there = [server.run(["test", "-e", PWNED]).returncode == 0 for server in site.servers]
    return not Path(PWNED).exists() and not any(there)
