"""HAProxy's own check of a configuration, where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess  # nosec B404 - lists, no shell
import tempfile
from collections.abc import Mapping
from pathlib import Path

_SECONDS = 20
_CERTIFICATE = re.compile(r"(?<=\bcrt )\S+|(?<=\bca-file )\S+")
_PROCESS = re.compile(r"^\[ALERT\]\s*\(\d+\)\s*:\s*")


def missing_tool() -> str:
    """Return the name of a program that the check needs and that is not here, or nothing."""
    return next((name for name in ("haproxy", "openssl") if shutil.which(name) is None), "")


def complaint(configuration: str, files: Mapping[str, str]) -> str:
    """Return what HAProxy says is wrong, or an empty string.

    Certificates and lists lie on the server only: a throwaway certificate and the rendered lists
    stand in for them.

    Args:
        configuration: every part of the configuration, one after the other.
        files: path on the server to what is rendered into it.

    Raises:
        OSError: a program cannot be run.
        subprocess.SubprocessError: openssl fails, or a program does not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        certificate, text = Path(folder, "server.pem"), configuration
        for path, content in files.items():
            stand_in = Path(folder, Path(path).name)
            stand_in.write_text(content, encoding="utf-8")
            text = text.replace(path, str(stand_in))
        if _CERTIFICATE.search(text):
            _make_certificate(certificate)
            text = _CERTIFICATE.sub(str(certificate), text)
        config = Path(folder, "haproxy.cfg")
        config.write_text(text, encoding="utf-8")
        done = _run("haproxy", "-c", "-f", str(config))
        if done.returncode == 0:
            return ""
        alerts = [line for line in done.stderr.splitlines() if "[ALERT]" in line]
        said = (alerts or done.stderr.splitlines() or ["no reason given"])[0]
        return _PROCESS.sub("", said.replace(f"{folder}/", "")).strip()


def _make_certificate(path: Path) -> None:
    key, certificate = path.with_suffix(".key"), path.with_suffix(".crt")
    _run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", "1", "-subj", "/CN=check"),
        *("-keyout", str(key), "-out", str(certificate)),
    ).check_returncode()
    path.write_text(certificate.read_text() + key.read_text(), encoding="ascii")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # nosec B603 - a list, no shell
        command, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
