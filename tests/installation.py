"""The toolkit's wheel in a virtual environment of its own, with no checkout in sight."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path


def install(wheel: Path, venv: Path) -> Path:
    """Install a wheel without its dependencies, which the present environment has; return iactl."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python")]
    subprocess.run([*pip, "install", "-qq", "--no-deps", str(wheel)], check=True)
    packages = next((venv / "lib").glob("python*/site-packages"))
    # As a path only: the .pth file of the present environment's editable checkout is not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (venv / "bin" / "ansible-playbook").symlink_to(Path(sys.executable).parent / "ansible-playbook")
    return venv / "bin" / "iactl"
