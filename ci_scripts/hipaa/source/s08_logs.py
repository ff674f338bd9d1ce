"""S8: no secret in Ansible's log, nothing private in the proxy's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...runner.values import Server
from ..access_log import log_faults
from ..tasks import every_task, touched
from ..verdict import Finding, Status, Verdict, judged, together
from ..yaml_values import documents, every_mapping
from .context import Source
from .proxy_config import proxy_config

_TASKS = re.compile(r"(?:^|/)(?:tasks|handlers|playbooks)/[^/]+\.ya?ml$")
_SPECS = re.compile(r"(?:^|/)meta/argument_specs\.ya?ml$")
_MADE_UP = re.compile(r"(?:^|/)(?:tests|molecule)/")


def check(source: Source) -> Verdict:
    """Look at every task of the project, and at the log format of each server's proxy."""

    def look(place: str, server: Server) -> Verdict:
        try:
            sections = proxy_config(source, server).sections()
        except ValueError as error:
            fault = (Finding(f"{error}", place),)
            return Verdict(Status.FAIL, "Unreadable.", fault, rest=Status.ERROR)
        found = [Finding(text, place, 0, text) for text in log_faults(sections)]
        return judged(found, 1, "proxy configurations")

    return together([("", _tasks(source)), ("", source.each_proxy(look))])


def _tasks(source: Source) -> Verdict:
    declared: set[str] = set()
    for _, text in _files(source, _SPECS):
        declared |= declared_secrets(text)
    count, found = 0, list[Finding]()
    for path, text in _files(source, _TASKS):
        tasks = [task for document in documents(text) for task in every_task(document)]
        count += len(tasks)
        found += in_file(path, text, declared)
    if not count:
        return Verdict(Status.NOT_APPLICABLE, "The project has no Ansible tasks.")
    return judged(found, count, "Ansible tasks")


def in_file(path: str, text: str, declared: set[str]) -> Iterator[Finding]:
    """Yield the tasks of a file that touch a secret and do not hide their log.

    Raises:
        ValueError: the file is no YAML.
    """
    for document in documents(text):
        for task, hidden in every_task(document):
            names = touched(task, declared)
            if names and not hidden:
                said = f"'{task.get('name', 'a task')}' touches {', '.join(names)} without no_log"
                yield Finding(said, path, task.line, str(task.get("name", "")))


def declared_secrets(text: str) -> set[str]:
    """Return the options that an argument specification hides from logs.

    Raises:
        ValueError: it is no YAML.
    """
    return {
        name
        for document in documents(text)
        for mapping in every_mapping(document)
        for name, option in mapping.items()
        if isinstance(option, dict) and option.get("no_log") is True
    }


def _files(source: Source, wanted: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for path, text in source.project.texts(".yml", ".yaml"):
        if wanted.search(path) and not _MADE_UP.search(path):
            yield path, text
