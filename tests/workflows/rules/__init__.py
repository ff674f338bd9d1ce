"""The rules of the workflows, one a file: each reads all of them and yields what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model import Workflows
from . import (
    builds,
    concurrency,
    credentials,
    deploys,
    evidence,
    forks,
    host_keys,
    origins,
    permissions,
    pins,
    schedule,
    secret_scope,
    shell,
    signing,
    swallowing,
    timeouts,
    triggers,
)

Rule = Callable[[Workflows], Iterator[str]]

RULES: dict[str, Rule] = {
    module.__name__.rpartition(".")[2]: module.broken
    for module in (
        builds,
        concurrency,
        credentials,
        deploys,
        evidence,
        forks,
        host_keys,
        origins,
        permissions,
        pins,
        schedule,
        secret_scope,
        shell,
        signing,
        swallowing,
        timeouts,
        triggers,
    )
}
