"""The base image: Debian, pulled where a public registry answers, made here where none does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import engine, mirror, packages
from .errors import COMMAND, RigError
from .home import home
from .labels import IMAGE

PUBLIC = "debian:bookworm-slim"
_PATIENCE = 5  # seconds to find out whether the public registry answers, where there is another way
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
    own = _can_debootstrap()
    # Where the public registry cannot be reached at all, the engine says so at once, whatever the
    # time limit. Where it is only slow, it is waited for unless there is another way.
    refusal = _public_refusal(_PATIENCE if own else engine.API_TIMEOUT)
    if refusal is None:
        _pull(tag, progress)
        return
    if not own:
        raise RigError(
            f"the engine cannot pull {PUBLIC} ({refusal}), and making a base image takes root on "
            f"Debian or Ubuntu: see to the engine's network, or run '{COMMAND} images' as root once"
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


def _can_debootstrap() -> bool:
    there = shutil.which("debootstrap") is not None or packages.installable()
    return os.geteuid() == 0 and there


def _public_refusal(timeout: int) -> str | None:
    """Why the engine cannot pull the public image, or None when it can."""
    impatient = engine.connect(timeout=timeout)
    if impatient is None:
        return "no Docker Engine answers"
    try:
        impatient.images.get_registry_data(PUBLIC)
    except engine.FAILURES as error:
        return engine.explain(error)
    return None


def _pull(tag: str, progress: Callable[[str], None]) -> None:
    progress(f"pulling {PUBLIC}")
    try:
        engine.client().images.pull(PUBLIC)
        engine.client().images.get(PUBLIC).tag(tag)
    except engine.FAILURES as error:
        raise RigError(
            f"the engine could not pull {PUBLIC} ({engine.explain(error)}): see to its network, "
            f"then try 'docker pull {PUBLIC}'"
        ) from error


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
