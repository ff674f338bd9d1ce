"""Where the embedded mode keeps its database and its generated secret."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from pathlib import Path

from innerarchitect.environment import SettingsError

DEFAULT = Path("/data")


def choose(configured: str | None) -> Path:
    """Return a writable directory: the configured one, /data, or one under the temporary folder.

    Raises SettingsError when a configured directory cannot be written: falling back silently
    would lose data that somebody meant to keep.
    """
    if configured is not None:
        return _configured(Path(configured))
    return DEFAULT if _writable(DEFAULT) else _temporary()


def describe(directory: Path) -> str:
    """Return a sentence on where the data is, for the log."""
    if directory == _temporary_path():
        return f"{DEFAULT} is not writable, so data is in {directory} and may be lost on a restart."
    return f"data is kept in {directory}."


def secret_key(directory: Path) -> str:
    """Return the secret kept in `directory`, creating it on first use.

    Raises SettingsError when the file cannot be read or written.
    """
    path = directory / "secret_key"
    try:
        if not path.exists():
            _create_once(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise SettingsError(f"Cannot keep a secret key in {path}: {error.strerror}.") from error


def _configured(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR: cannot create {path}: {error.strerror}.") from error
    if not _writable(path):
        raise SettingsError(f"DATA_DIR: {path} is not writable for user {os.getuid()}.")
    return path


def _temporary() -> Path:
    path = _temporary_path()
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        facts = path.lstat()
    except OSError as error:
        raise SettingsError(
            f"No writable data directory: {DEFAULT} and {path} both fail ({error.strerror});"
            " set DATA_DIR or DATABASE_URL."
        ) from error
    # Another local user may have made it first, to read or to plant a database.
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
        raise SettingsError(f"{path} is not a private directory of this user; set DATA_DIR.")
    return path


def _temporary_path() -> Path:
    # A fixed name, not mkdtemp: commands started later beside the server must find its database.
    return Path(tempfile.gettempdir()) / f"innerarchitect-{os.getuid()}"


def _writable(path: Path) -> bool:
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def _create_once(path: Path, text: str) -> None:
    # Linked into place, so a process that starts at the same moment reads a whole key or none.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
