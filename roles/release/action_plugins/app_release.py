"""Run app_release on a server that keeps this version of it, several times faster than anew.

Ansible sends a module and all it imports with every call, and the server unpacks, compiles and
imports them, and Ansible's own base classes, again each time. A deploy calls up to five times per
server. So the first call leaves the package ``iadeploy`` on the server, in a folder named after
its content, compiled; later calls only send their parameters. docs/benchmark.md has the figures.

Where this way is not open, the module itself runs as any module does, with the same answer.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import shlex
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

_NAME = "iadeploy"
_LIBRARY = ".lib"  # in the state directory; no application can have this name
_ABSENT = 66  # exit code of the short way when the server does not keep this version
_UNWANTED = ("checks", "notify")  # parts that no phase of a release uses
_WINDOW = 0.5  # seconds of one call while a release bakes
_LOOK = 0.05  # seconds between two looks at the sign where there is nothing to watch
_KEPT = 3  # versions, so that two controllers do not overwrite each other's all day
_RUN = f"import sys; sys.path.insert(0, sys.argv[2]); from {_NAME}.remote import main; main()"
# Whole or not at all: unpacked beside its place, then renamed.
_INSTALL = """
import compileall, io, os, shutil, sys, tempfile, zipfile
folder, kept = sys.argv[2], int(sys.argv[3])
library = os.path.dirname(folder)
if not os.path.isdir(library):
    os.mkdir(library, 0o700)
new = tempfile.mkdtemp(prefix=".", dir=library)
try:
    zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).extractall(new)
    compileall.compile_dir(new, ddir=folder, quiet=2)
    os.rename(new, folder)
except BaseException:
    shutil.rmtree(new, ignore_errors=True)
    if not os.path.isdir(folder):
        raise
there = [os.path.join(library, name) for name in os.listdir(library)]
for old in sorted(there, key=os.path.getmtime, reverse=True)[kept:]:
    shutil.rmtree(old, ignore_errors=True)
"""


@dataclass(frozen=True)
class _Package:
    """The package on the controller: its files, their fingerprint, and what of it is of use here.

    Attributes:
        files: what a server keeps, by name.
        fingerprint: of the files.
        options: what the module takes.
        renewals: of a lease in the time that it lasts.
    """

    files: dict[str, bytes]
    fingerprint: str
    options: dict[str, Any]
    renewals: int


@dataclass(frozen=True)
class _Way:
    """Where the package is on the server, and what is in it."""

    python: str
    package: _Package
    state_dir: str

    @property
    def folder(self) -> str:
        """The folder that is named after the package's content."""
        return f"{self.state_dir}/{_LIBRARY}/{self.package.fingerprint}"


class ActionModule(ActionBase):
    """The action behind ``app_release:`` in a task."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Run the module on the server and return its answer."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        python = self._python(task_vars)
        if python is None or _PACKAGE is None or not self._connection.has_pipelining:
            return {**result, **self._execute_module(task_vars=task_vars)}
        checked = _validated(_PACKAGE.options, self._task.args)
        way = _Way(python, _PACKAGE, checked.validated_parameters["state_dir"])
        baking = checked.validated_parameters["phase"] == "bake" and not self._task.check_mode
        call = self._bake if baking else self._call
        answer = call(way, checked.validated_parameters)
        if answer is None:
            answer = self._execute_module(task_vars=task_vars)
        return {**result, **remove_values(answer, checked._no_log_values)}

    def _python(self, task_vars: dict[str, Any]) -> str | None:
        """Return the server's Python when it is known without a search."""
        named = task_vars.get("ansible_python_interpreter")
        wanted = (
            self._templar.template(named)
            if named
            else C.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars)
        )
        return None if str(wanted).startswith("auto") else str(wanted)

    def _bake(self, way: _Way, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """Watch the release in short calls, and end when another server's release did badly.

        A server that is fine must not keep the fleet waiting while users of another one see
        errors, so each server's process looks at a common sign between two calls. All or none
        serve it, so it loses its traffic on this server then, too. A server that has not switched
        yet is called for its lease only.
        """
        sign = Path(C.DEFAULT_LOCAL_TMP) / f"bake-{parameters['release']}"
        ends = time.monotonic() + parameters["bake"]["seconds"]
        bad = 0
        while True:
            window = min(_WINDOW, max(ends - time.monotonic(), 0.01))
            bake = {**parameters["bake"], "window": window, "bad": bad}
            try:
                answer = self._call(way, {**parameters, "bake": bake})
            except AnsibleConnectionFailure:
                sign.touch()
                raise
            if answer is None:
                return None
            if answer.get("failed"):
                sign.touch()
                return answer
            bad = answer.get("bad", 0)
            if answer.get("idle"):
                pause = parameters["lease"]["seconds"] / way.package.renewals
                _await_sign(sign, min(ends, time.monotonic() + pause))
            if sign.exists():
                self._call(way, {**parameters, "bake": {**parameters["bake"], "halt": True}})
                return answer
            if time.monotonic() >= ends:
                return answer

    def _call(self, way: _Way, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """Run the package on the server; None where that is not possible."""
        answer = self._ask(way, parameters)
        if answer["rc"] == _ABSENT and self._install(way):
            answer = self._ask(way, parameters)
        return None if answer["rc"] == _ABSENT else _read(answer)

    def _ask(self, way: _Way, parameters: dict[str, Any]) -> dict[str, Any]:
        asked = {"params": parameters, "check_mode": self._task.check_mode}
        there = f"[ -e {shlex.quote(way.folder)} ] || exit {_ABSENT}; "
        data = json.dumps(asked).encode()
        return self._python_command(way.python, _RUN, [way.folder], data, there)

    def _install(self, way: _Way) -> bool:
        """Leave the package on the server; tell whether that worked."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
            for name, content in way.package.files.items():
                package.writestr(name, content)
        arguments = [way.folder, str(_KEPT)]
        done = self._python_command(way.python, _INSTALL, arguments, archive.getvalue())
        return bool(done["rc"] == 0)

    def _python_command(
        self, python: str, code: str, arguments: list[str], data: bytes, before: str = ""
    ) -> dict[str, Any]:
        # Nothing of the server's own packages or settings is wanted, hence -I and -S.
        command = shlex.join([python, "-I", "-S", "-c", code, "app_release", *arguments])
        environment = self._compute_environment_string()
        return self._low_level_execute_command(
            f"{before}{environment} exec {command}", in_data=data
        )


def _await_sign(sign: Path, ends: float) -> None:
    """Wait until the sign is there, or a time of the monotonic clock has come."""
    while not sign.exists() and time.monotonic() < ends:
        time.sleep(_LOOK)


def _validated(options: dict[str, Any], arguments: dict[str, Any]) -> Any:
    """Return the parameters as the module's own argument spec makes them.

    Raises:
        AnsibleActionFail: they do not fit it.
    """
    checked = ArgumentSpecValidator(options).validate(dict(arguments))
    if checked.error_messages:
        raise AnsibleActionFail("; ".join(checked.error_messages))
    return checked


def _read(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the module's answer, or one that tells how it ended without."""
    lines = answer["stdout"].splitlines() or [""]
    try:
        told = json.loads(lines[-1])
    except ValueError:
        return {
            "failed": True,
            "msg": f"app_release ended with code {answer['rc']} and no answer",
            "module_stderr": answer["stderr"],
        }
    return told if isinstance(told, dict) else {"failed": True, "msg": "app_release: no answer"}


def _load() -> _Package | None:
    """Return the package, or None where the controller has it in no folder of its own."""
    places = (Path(place) / _NAME for place in C.DEFAULT_MODULE_UTILS_PATH)
    source = next((place for place in places if place.is_dir()), None)
    if source is None:
        return None
    files = {
        path.relative_to(source.parent).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*.py"))
        if path.relative_to(source).parts[0] not in _UNWANTED
    }
    sys.path.insert(0, str(source.parent))
    try:
        options = importlib.import_module(f"{_NAME}.options").RELEASE_OPTIONS
        renewals = importlib.import_module(f"{_NAME}.lease").RENEWALS
    finally:
        sys.path.remove(str(source.parent))
    return _Package(files, _fingerprint(files), options, renewals)


def _fingerprint(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:20]


# Ansible imports this file before it forks a process per server and task. What is loaded here is
# loaded once; in the action it would be loaded anew for each of them, which took a sixth of a
# rollback's processor time.
_PACKAGE = _load()
