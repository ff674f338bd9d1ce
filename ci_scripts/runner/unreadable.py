"""Which of an environment's files are no YAML: Ansible says that one is not, but not which."""

from __future__ import annotations

from pathlib import Path

import yaml

_ENDINGS = (".yml", ".yaml")


def unreadable_files(inventory: Path) -> list[str]:
    """Return a sentence for each YAML file below an inventory folder that cannot be read: its
    path from there, the line, and what is wrong. What is encrypted or tagged is not looked into.
    """
    complaints = ((path, _complaint(path)) for path in sorted(inventory.rglob("*")))
    return [f"{path.relative_to(inventory)}{said}" for path, said in complaints if said]


def _complaint(path: Path) -> str:
    """Return what is wrong with a file, beginning with where; nothing when it is fine."""
    if path.suffix not in _ENDINGS or not path.is_file():
        return ""
    try:
        for _ in yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader):
            continue
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return f", line {line}: {error.problem or 'this is no YAML'}"
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return f": {str(error).splitlines()[0]}"
    except OSError as error:
        return f": {error.strerror}"
    return ""
