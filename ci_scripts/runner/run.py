"""Running one playbook through ansible-runner, in private folders that are removed afterwards."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from ..content import content_root, playbook
from . import child
from .environment import scrubbed, vault_password
from .handover import hand_over
from .private import private_folder
from .processes import stop_playbook
from .result import Event, Result

# ansible-runner polls its child at this interval; its default of 5 s is too slow for a cancel.
_POLL_SECONDS = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_playbook(
    name: str,
    inventory: Path,
    variables: dict[str, Any],
    on_event: Callable[[Event], None] = lambda event: None,
    *,
    check: bool = False,
    heard: Sequence[int] = (),
) -> Result:
    """Run a playbook of the product against an inventory folder.

    Args:
        name: the playbook's name without its ending.
        variables: extra variables, passed as a JSON file and never through a shell.
        on_event: called for every event, for the live view.
        check: Ansible's check mode.
        heard: the signals that ended the run which this one is to end.

    INT, TERM and HUP stop Ansible and its remote command, not only ansible-runner; the result
    then says ``cancelled``, and a second one ``hurried``. The TERM that a CI service sends after
    its INT stops nothing more: SIGKILL follows, and until then every second is of use.
    """
    result = Result(signals=list(heard))
    content = content_root()
    environment = scrubbed(os.environ, content)
    with private_folder(str(variables.get("release_id", ""))) as folder:
        environment.update(vault_password(os.environ, folder))
        variables_file = folder / "variables.json"
        passed = hand_over(name, variables, os.environ, folder)
        variables_file.write_text(json.dumps(passed), encoding="utf-8")
        with _cancellable(result):
            runner = _configure(name, inventory, folder, variables_file, check)
            runner.config.env = {**_runner_own(runner.config.env, folder), **environment}
            runner.config.command = [
                sys.executable,
                "-P",
                "-m",
                child.__name__,
                *runner.config.command[1:],
            ]
            runner.event_handler = _handler(result, on_event)
            runner.status_handler = _forget_command
            if not result.cancelled:
                runner.run()
                result.rc = runner.rc
    if result.rc != 0 and not result.hosts:
        # Commands that refuse their input need not wait for a YAML parser.
        from .unreadable import unreadable_files  # pylint: disable=import-outside-toplevel

        result.output = unreadable_files(inventory) or result.output
    return result


def _configure(name: str, inventory: Path, folder: Path, variables_file: Path, check: bool) -> Any:
    """Return an ansible-runner that is ready to run."""
    # Its import takes 0.2 s, which commands that refuse their input need not wait for.
    from ansible_runner.interface import init_runner  # pylint: disable=import-outside-toplevel
    from ptyprocess import PtyProcess  # pylint: disable=import-outside-toplevel

    # It would give the kernel 0.1 s to tell of an end that ansible-runner has seen by then.
    PtyProcess.delayafterclose = property(lambda process: 0, lambda process, seconds: None)
    arguments = ["-e", f"@{variables_file}", *(["--check"] if check else [])]
    return init_runner(
        private_data_dir=str(folder),
        project_dir=str(content_root()),
        inventory=str(inventory),
        playbook=str(playbook(name)),
        cmdline=shlex.join(arguments),
        # Without one of its own, ansible-runner takes the signals over and kills too much.
        cancel_callback=lambda: False,
        settings={"pexpect_timeout": _POLL_SECONDS, "suppress_ansible_output": True},
        quiet=True,
    )


def _runner_own(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Return the variables that ansible-runner itself needs in its child."""
    wanted = ("ANSIBLE_CALLBACK_PLUGINS", "ANSIBLE_STDOUT_CALLBACK", "AWX_ISOLATED_DATA_DIR")
    own = {name: environment[name] for name in wanted if name in environment}
    return {**own, "ANSIBLE_HOME": str(folder / "home"), "IADEPLOY_PARENT": str(os.getpid())}


def _handler(result: Result, on_event: Callable[[Event], None]) -> Callable[[Event], bool]:
    def handle(event: Event) -> bool:
        if result.cancelled and event.get("event") == "playbook_on_start":
            stop_playbook(hard=False)  # the signal came before there was anything to stop
        result.take(event)
        on_event(event)
        return False  # ansible-runner then writes no file for it

    return handle


def _forget_command(status: dict[str, Any], runner_config: Any) -> None:
    """Remove the file into which ansible-runner has just written its whole environment."""
    if status["status"] == "running":
        Path(runner_config.artifact_dir, "command").unlink(missing_ok=True)


@contextmanager
def _cancellable(result: Result) -> Iterator[None]:
    """Turn signals into an orderly stop of ansible-playbook while it runs.

    After a cancel they stay with its result: a second one that comes before the next playbook
    must not end the command with servers that nobody speaks of.
    """

    def cancel(number: int, frame: FrameType | None) -> None:
        del frame
        result.signals.append(number)
        if result.signals == [signal.SIGINT, signal.SIGTERM]:
            return
        stop_playbook(hard=result.cancelled)
        result.hurried = result.cancelled
        result.cancelled = True

    before = {number: signal.signal(number, cancel) for number in _SIGNALS}
    try:
        yield
    finally:
        if not result.cancelled:
            for number, handler in before.items():
                signal.signal(number, handler)
