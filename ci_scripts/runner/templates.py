"""Compiled templates that the processes of one ansible-playbook share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache


def share_compiled(folder: Path) -> None:
    """Have every template of this process, and of those that it forks, compiled once.

    Ansible evaluates a task's arguments in a process of its own for each server, which compiles
    what each one before it has compiled: a quarter of a release's processor time on the controller.
    Jinja has a cache for that, and uses it for files only.

    Args:
        folder: what is compiled is kept there. It holds what templates hold, so it must be as
            private as they are.
    """
    cache = FileSystemBytecodeCache(str(folder), "%s.template")
    compile_anew = Environment.compile

    def compiled(environment: Environment, source: Any, *how: Any, **named: Any) -> Any:
        # Ansible reads a backslash in two ways, and an overlay has a syntax of its own.
        ansibles = type(environment).__module__.startswith("ansible.") and not environment.overlayed
        plain = isinstance(source, str) and "\\" not in source
        if not (ansibles and plain) or any(how) or any(named.values()):
            return compile_anew(environment, source, *how, **named)
        text = str(source)
        bucket = cache.get_bucket(environment, text, None, text)
        if bucket.code is None:
            bucket.code = compile_anew(environment, source)
            cache.set_bucket(bucket)
        return bucket.code

    setattr(Environment, "compile", compiled)
