"""What Alembic would run: read in the new image, with no network, so that nothing can happen.

This file itself runs there, as ``python3 -c``, and so uses nothing of this package and of Alembic
only what has been public since 1.9. It needs no env.py, which connects as it likes: each pending
migration is rendered as PostgreSQL's statements by Alembic's own offline mode.

Arguments: where the migrations are (empty: as alembic.ini in the working folder says), and the
revisions that the database is at. It prints one line: a marker, and a JSON object with ``heads``
(what the database would be at), ``unknown`` (revisions that this image does not have), ``applied``
(those that the database has run, as far as this image knows) and ``pending`` (``revision``,
``title``, ``sql``, ``problem``).
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from typing import Any

MARKER = "iadeploy-pending:"


def main(scripts: str, current: list[str]) -> None:
    """Print what is pending."""
    from alembic.config import Config  # pylint: disable=import-outside-toplevel
    from alembic.script import ScriptDirectory  # pylint: disable=import-outside-toplevel

    config = Config() if scripts else Config("alembic.ini")
    if scripts:
        config.set_main_option("script_location", scripts)
    directory = ScriptDirectory.from_config(config)
    revisions = list(directory.walk_revisions("base", "heads"))
    needs = {one.revision: _needs(directory, one) for one in revisions}
    applied = _ancestors(needs, current)
    answer = {
        # Not get_heads(): the database forgets one that another branch depends on.
        "heads": sorted(set(needs).difference(*needs.values())),
        "unknown": [one for one in current if one not in needs],
        "applied": sorted(applied),
        "pending": [
            {"revision": one.revision, "title": one.doc or "", **_rendered(config, directory, one)}
            for one in reversed(revisions)
            if one.revision not in applied
        ],
    }
    print(f"\n{MARKER}{json.dumps(answer)}", flush=True)


def _needs(directory: Any, revision: Any) -> set[str]:
    """Return what runs before a revision; a dependency may be a branch's label."""
    names = [*_names(revision.down_revision), *_names(revision.dependencies)]
    return {directory.get_revision(name).revision for name in names}


def _ancestors(needs: dict[str, set[str]], current: Iterable[str]) -> set[str]:
    """Return the revisions that a database at ``current`` has run."""
    applied: set[str] = set()
    waiting = [one for one in current if one in needs]
    while waiting:
        revision = waiting.pop()
        if revision not in applied:
            applied.add(revision)
            waiting += needs[revision]
    return applied


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _rendered(config: Any, directory: Any, revision: Any) -> dict[str, str]:
    """Return a migration's statements, or why they cannot be told without running it."""
    from alembic.operations import Operations  # pylint: disable=import-outside-toplevel
    from alembic.runtime.environment import (  # pylint: disable=import-outside-toplevel
        EnvironmentContext,
    )

    printed = io.StringIO()
    try:
        with EnvironmentContext(config, directory, as_sql=True) as environment:
            environment.configure(dialect_name="postgresql", output_buffer=printed)
            with Operations.context(environment.get_context()):
                revision.module.upgrade()
    except Exception as error:  # pylint: disable=broad-exception-caught  # it is foreign code
        return {"sql": printed.getvalue(), "problem": f"{type(error).__name__}: {error}"[:300]}
    return {"sql": printed.getvalue(), "problem": ""}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
