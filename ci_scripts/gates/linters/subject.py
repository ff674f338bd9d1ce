"""What linters look at, and what it means that there is nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..project import Project
from ..verdict import Verdict, not_run

_VAULT_HEADER = b"$ANSIBLE_VAULT;"
_SHELL = (".bash", ".dash", ".ksh", ".sh")
_PROSE = (".adoc", ".md", ".rst")
# A file that is called so is something else, and nobody has to open it to know. Templates are
# among them: no linter reads them before they are filled in.
_OTHER = frozenset(
    (
        *_PROSE,
        *(".c", ".cc", ".cfg", ".conf", ".cpp", ".cs", ".css", ".csv", ".go", ".h", ".htm"),
        *(".html", ".ini", ".java", ".js", ".json", ".jsx", ".kt", ".lock", ".lua", ".mjs", ".php"),
        *(".pl", ".po", ".ps1", ".py", ".pyi", ".rb", ".rs", ".scss", ".sql", ".toml", ".ts"),
        *(".tsx", ".txt", ".vue", ".xml", ".yaml", ".yml"),
        *(".erb", ".j2", ".jinja", ".jinja2", ".mako", ".tmpl", ".tpl"),
        *(".bmp", ".bz2", ".gif", ".gz", ".ico", ".jar", ".jpeg", ".jpg", ".mo", ".mp3", ".mp4"),
        *(".otf", ".pdf", ".png", ".pyc", ".so", ".svg", ".tar", ".tgz", ".tiff", ".ttf", ".webm"),
        *(".webp", ".whl", ".woff", ".woff2", ".xz", ".zip", ".zst"),
    )
)


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
        if name.endswith(_SHELL)
        or (PurePosixPath(name).suffix.lower() not in _OTHER and _has_shell(project, name))
    )


def yaml_files(project: Project) -> tuple[str, ...]:
    """Return the YAML files that the settings name, but for those that Ansible's vault encrypted.

    Raises:
        MissingPath: the settings name a path that does not exist.
    """
    named = project.within(project.settings.lint.yaml, ".yml", ".yaml")
    return tuple(name for name in named if not _is_encrypted(project.root / name))


def encrypted_files(project: Project, folders: Iterable[str]) -> tuple[str, ...]:
    """Return the files in some folders that Ansible's vault encrypted."""
    named = project.within(folders, ".yml", ".yaml")
    return tuple(name for name in named if _is_encrypted(project.root / name))


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
    low, ending = name.lower(), PurePosixPath(name).suffix.lower()
    if ending in (".dockerignore", *_PROSE):
        return False
    # Dockerfile.go builds something in Go, and dockerfile.go is Go itself.
    if ending in (*_SHELL, *_OTHER) and not name.startswith("Dockerfile."):
        return False
    return (
        low in ("dockerfile", "containerfile")
        or low.startswith(("dockerfile.", "dockerfile-", "containerfile.", "containerfile-"))
        or low.endswith((".dockerfile", ".containerfile"))
    )


def _has_shell(project: Project, name: str) -> bool:
    with (project.root / name).open("rb") as file:
        first = file.readline(200)
    words = first.removeprefix(b"#!").replace(b"/", b" ").split()
    return first.startswith(b"#!") and bool({b"sh", b"bash", b"dash", b"ksh"} & set(words))
