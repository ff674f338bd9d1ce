"""Kind ``service``: a systemd unit, or a process where there is no systemd."""

from __future__ import annotations

import subprocess  # nosec B404 - systemctl has no other interface in the standard library
from pathlib import Path

from ..hints import timed_out
from ..spec import Check
from ..verdict import Attempt, Verdict

_SYSTEMD = Path("/run/systemd/system")
_PROC = Path("/proc")
_COMM_LENGTH = 15  # the kernel keeps no more of a process's name
_WANTED = ("LoadState", "ActiveState", "SubState", "Result")


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Ask systemd for the unit; without systemd, or without a unit, look for the process."""
    unit, process = check.target["unit"], check.target["process"]
    if unit and _SYSTEMD.is_dir():
        return _ask_systemd(unit, check.expect["state"] or "active", attempt)
    name = process or unit.removesuffix(".service").partition("@")[0]
    if check.expect["state"] not in (None, "active", "running"):
        cause = f"without systemd, '{check.expect['state']}' cannot be checked"
        return Verdict(False, "not possible", cause, final=True)
    return look_for(name, _PROC)


def _ask_systemd(unit: str, wanted: str, attempt: Attempt) -> Verdict:
    argv = ["systemctl", "show", f"--property={','.join(_WANTED)}", "--", unit]
    try:
        said = subprocess.run(  # nosec B603 - a fixed program, the unit's name is checked
            argv, capture_output=True, text=True, timeout=attempt.left(), check=False
        )
    except subprocess.TimeoutExpired:
        return timed_out("service", "systemd", attempt.seconds)
    except OSError as error:
        return Verdict(False, "unknown", f"systemctl cannot be run ({error.strerror})", final=True)
    rows = (line.partition("=") for line in said.stdout.splitlines())
    return judge(unit, {key: value for key, _, value in rows}, wanted)


def judge(unit: str, told: dict[str, str], wanted: str) -> Verdict:
    """Compare what systemd tells with the state wanted. Pure."""
    state = told.get("ActiveState", "unknown")
    if told.get("LoadState") == "not-found":
        return Verdict(False, "not found", f"there is no unit {unit}", "is the package installed?")
    if told.get("LoadState") == "masked":
        hint = f"if it is wanted: systemctl unmask {unit}"
        return Verdict(False, "masked", f"{unit} is masked, so nothing can start it", hint)
    if wanted in (state, told.get("SubState")):
        return Verdict(True, state)
    reason = f" ({told['Result']})" if told.get("Result", "success") != "success" else ""
    hint = f"read: journalctl -u {unit} -n 50"
    return Verdict(False, state, f"{unit} is {state}{reason} instead of {wanted}", hint)


def look_for(name: str, proc: Path) -> Verdict:
    """Look for a process by its name; one that has ended and was not reaped is none."""
    count = sum(1 for folder in proc.iterdir() if folder.name.isdigit() and _is(folder, name))
    if count:
        return Verdict(True, "running", note="no systemd here; the process is there")
    return Verdict(False, "not running", f"no process {name} runs", f"read its log; start {name}")


def _is(folder: Path, name: str) -> bool:
    try:
        # "PID (name) S …"; the name may itself hold brackets.
        head, _, rest = (folder / "stat").read_text(errors="replace").rpartition(")")
    except OSError:
        return False
    return head.partition("(")[2] == name[:_COMM_LENGTH] and rest.split()[0] not in ("Z", "X")
