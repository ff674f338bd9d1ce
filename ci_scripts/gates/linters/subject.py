"""What linters look at, and what it means that there is nothing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ..project import Project
from ..verdict import Verdict, not_run

_VAULT_HEADER = b"$ANSIBLE_VAULT;"


def nothing(gate: str, what: str) -> Verdict:
    """Return the verdict for a project that holds nothing of what a linter looks at."""
    return not_run(gate, f"There are no {what}.", optional=True)


def python_files(project: Project) -> tuple[str, ...]:
    """Return the project's Python files."""
    return project.within((".",), ".py")


def shell_scripts(project: Project) -> tuple[str, ...]:
    """Return the project's shell scripts: by their ending, or by their first line."""
    return tuple(
        name
        for name in project.files
        if name.endswith(".sh")
        or ("." not in PurePosixPath(name).name and _has_shell(project, name))
    )


def yaml_files(project: Project) -> tuple[str, ...]:
    """Return the YAML files that the settings name, but for those that Ansible's vault encrypted.

    Raises:
        MissingPath: the settings name a path that does not exist.
    """
    named = project.within(project.settings.lint.yaml, ".yml", ".yaml")
    return tuple(name for name in named if not _is_encrypted(project.root / name))


def dockerfiles(project: Project) -> tuple[str, ...]:
    """Return the project's Dockerfiles."""
    return tuple(name for name in project.files if _is_dockerfile(PurePosixPath(name).name))


def notes(looked_at: int, asked: int) -> tuple[str, ...]:
    """Return what to say of files that the project's settings leave out."""
    missed = asked - looked_at
    return (f"{missed} of {asked} files are left out by its settings.",) if missed > 0 else ()


def _is_encrypted(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_VAULT_HEADER)) == _VAULT_HEADER
    except OSError:
        return False  # the linter says what is wrong with it


def _is_dockerfile(name: str) -> bool:
    return (
        name in ("Dockerfile", "Containerfile")
        or name.startswith("Dockerfile.")
        or name.endswith(".Dockerfile")
    ) and not name.endswith(".dockerignore")


def _has_shell(project: Project, name: str) -> bool:
    with (project.root / name).open("rb") as file:
        first = file.readline(200)
    words = first.removeprefix(b"#!").replace(b"/", b" ").split()
    return first.startswith(b"#!") and bool({b"sh", b"bash", b"dash", b"ksh"} & set(words))
