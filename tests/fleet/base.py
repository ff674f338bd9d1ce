"""The base image: Debian, pulled where a public registry answers, made here where none does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import docker.errors
import requests

from . import engine, mirror, packages
from .errors import RigError
from .home import home
from .labels import IMAGE

PUBLIC = "debian:bookworm-slim"
_ASK_TIMEOUT = 5  # seconds to find out whether the public registry answers
_PACKAGES = "ca-certificates"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DPKG_SETTINGS = """\
path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
force-unsafe-io
"""
_UNWANTED = ("var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")

#: What decides the content, for the tag.
INPUTS = f"{PUBLIC} {mirror.SUITE} {_PACKAGES} {_DPKG_SETTINGS} {_UNWANTED}"


def make(tag: str, progress: Callable[[str], None]) -> None:
    """Make the base image under `tag`; raises RigError when neither way works."""
    if _public_answers():
        progress(f"pulling {PUBLIC}")
        engine.client().images.pull(PUBLIC)
        engine.client().images.get(PUBLIC).tag(tag)
        return
    if os.geteuid() != 0:
        raise RigError(
            f"the engine cannot pull {PUBLIC}, and making a base image needs root: "
            "run 'python -m tests.fleet images' as root once"
        )
    packages.ensure("debootstrap", "debootstrap", progress)
    source = mirror.find()
    progress(f"making Debian {mirror.SUITE} with debootstrap, about a minute")
    # One fixed folder, under the images lock: what a killed build left is found and removed here.
    target = home() / ".base-build"
    _remove(target)
    try:
        _debootstrap(target, source)
        _trim(target, source)
        _load(target, tag)
    finally:
        _remove(target)


def _public_answers() -> bool:
    impatient = engine.connect(timeout=_ASK_TIMEOUT)
    if impatient is None:
        return False
    try:
        impatient.images.get_registry_data(PUBLIC)
    except (docker.errors.APIError, requests.RequestException):
        return False
    return True


def _debootstrap(target: Path, source: mirror.Mirror) -> None:
    # In its own mount namespace, so that a killed build leaves no mounted /proc behind.
    argv = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={_PACKAGES}"]
    answer = subprocess.run(
        [*argv, mirror.SUITE, str(target), source.archive],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        end = "\n".join(answer.stdout.splitlines()[-15:])
        raise RigError(f"debootstrap could not make the base image in {target}:\n{end}")


def _trim(target: Path, source: mirror.Mirror) -> None:
    (target / "etc/apt/sources.list").write_text(source.sources, encoding="utf-8")
    (target / "etc/dpkg/dpkg.cfg.d/rig").write_text(_DPKG_SETTINGS, encoding="utf-8")
    for package in (target / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    for folder in _UNWANTED:
        for entry in (target / folder).iterdir():
            _remove(entry)
    # Names of this machine, which debootstrap copies.
    (target / "etc/hostname").unlink(missing_ok=True)
    (target / "etc/resolv.conf").unlink(missing_ok=True)


def _load(target: Path, tag: str) -> None:
    repository, _, version = tag.rpartition(":")
    with subprocess.Popen(
        ["tar", "--create", "--numeric-owner", "--directory", str(target), "."],
        stdout=subprocess.PIPE,
    ) as archive:
        engine.client().api.import_image_from_stream(
            archive.stdout,
            repository=repository,
            tag=version,
            changes=[f"ENV PATH={_PATH}", 'CMD ["bash"]', f"LABEL {IMAGE}=base"],
        )
    if archive.returncode != 0:
        engine.client().images.remove(tag, force=True)
        raise RigError(f"the base image in {target} could not be read completely")


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
