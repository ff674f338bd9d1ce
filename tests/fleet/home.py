"""Where the rigs keep keys, certificates and state."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from .errors import ForeignError, RigError

#: The checkout.
ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "IADEPLOY_RIG_HOME"


def home() -> Path:
    """The folder of all rigs: $IADEPLOY_RIG_HOME, else `.rig` under the repository root (0700).

    RigError when it cannot be made, ForeignError when only another user may use it.
    """
    folder = Path(os.environ.get(VARIABLE) or ROOT / ".rig").absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RigError(
            f"the rigs' folder {folder} cannot be made ({error.strerror}): "
            f"name another one in ${VARIABLE}"
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
        raise ForeignError(
            f"the rigs' folder {folder} is another user's: name one of your own in ${VARIABLE}"
        )
    return folder


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold one lock among all processes that share this home; the kernel frees a dead holder's."""
    descriptor = os.open(home() / f".{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, content: str | bytes) -> Path:
    """Write a file that only its owner can read, replacing an old one in a single step."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)
    return path
