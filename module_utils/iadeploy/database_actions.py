"""What the module ``app_database`` does, from its parameters to its answer."""

from __future__ import annotations

from typing import Any

from .backup import find_backup, list_backups, make_backup
from .encryption import check_opens
from .errors import DeployError
from .migrate_arguments import build_backup
from .migrations import BackupRules, check_backup, revisions_in
from .options import BACKUP_OPTIONS
from .postgres import Postgres
from .restore import restore_into
from .rules import check_name
from .store import Store

DATABASE_OPTIONS: dict[str, Any] = {
    "action": {"type": "str", "required": True, "choices": ["backup", "list", "restore", "note"]},
    "app": {"type": "str", "required": True},
    "url": {"type": "str", "default": "", "no_log": True},
    "name": {"type": "str", "default": ""},
    "identity": {"type": "str", "default": "", "no_log": True},
    "first": {"type": "bool", "default": True},
    "restored": {"type": "dict", "default": {}},
    "backup": {"type": "dict", "default": {}, "options": BACKUP_OPTIONS, "apply_defaults": True},
    "actor": {"type": "str", "default": ""},
    "state_dir": {"type": "path", "default": "/var/lib/iadeploy"},
}


def answer(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what is asked and return what the module answers, also when it failed."""
    try:
        store = Store(params["state_dir"], check_name(params["app"], "app_name"))
        changed = {} if check_mode else _act(store, params)
        return {"changed": bool(changed), "backups": list_backups(store), **changed}
    except DeployError as error:
        return {"failed": True, "msg": str(error), "cause": error.cause}


def _act(store: Store, params: dict[str, Any]) -> dict[str, Any]:
    if params["action"] == "list":
        return {}
    if params["action"] == "note":
        with store.exclusive():
            store.tell("restore", "restored", **_told(params, params["restored"]))
        return {"restored": params["restored"]}
    if not params["url"]:
        raise DeployError(
            "app_secrets has no database URL under the name that app_database_secret says",
            "Name the right secret in app.yml",
            cause="input",
        )
    rules = check_backup(build_backup(params["backup"]))
    with store.exclusive():
        if params["action"] == "backup":
            return {"backup": _backup(store, params, rules)}
        return _restore(store, params, rules)


def _backup(
    store: Store, params: dict[str, Any], rules: BackupRules, spared: str = ""
) -> dict[str, Any]:
    made = make_backup(store, params["url"], rules, _serving(store), spared)
    store.tell("backup", "made", actor=params["actor"], backup=made["name"])
    return made


def _restore(store: Store, params: dict[str, Any], rules: BackupRules) -> dict[str, Any]:
    journal = store.journal()
    if journal:
        raise DeployError(
            f"{journal.get('step')} of release {journal.get('release')} is under way since"
            f" {journal.get('at')}, or was interrupted",
            "Wait for its end; after an interrupted one, deploy again first",
            cause="locked",
        )
    path, wanted = find_backup(store, params["name"])
    identity = params["identity"] if wanted.get("encrypted") else ""
    if wanted.get("encrypted"):
        whose = wanted.get("recipients") or []
        check_opens(path, params["name"], whose, identity, rules.timeout)
    # The one that is to be brought back may be the next that would be forgotten.
    fresh = _backup(store, params, rules, wanted["name"]) if params["first"] else {}
    told = _told(params, wanted)
    store.tell("restore", "begun", **told)
    restore_into(Postgres(params["url"]), path, rules.timeout, identity)
    store.tell("restore", "restored", **told)
    return {"backup": fresh, "restored": wanted, "remarks": _remarks(store, wanted)}


def _told(params: dict[str, Any], restored: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger tells of a restore."""
    return {
        "actor": params["actor"],
        "backup": restored.get("name", ""),
        "backup_at": restored.get("at", ""),
        "schema": restored.get("revision", ""),
    }


def _remarks(store: Store, restored: dict[str, Any]) -> list[str]:
    """Say what the older schema means for the release that serves."""
    release = store.load(_serving(store))
    known = str(release.migration.get("after", "")) if release else ""
    same = revisions_in(known) == revisions_in(restored["revision"])
    if release is None or not known or same:
        return []
    return [
        f"The serving release {release.label} was made for schema {known}: deploy it again to"
        f" migrate, or roll back to the release before"
    ]


def _serving(store: Store) -> str:
    """Return the release that was committed last, or an empty string."""
    lived = [one for one in store.ledger().entries if one.get("outcome") == "live"]
    return str(lived[-1].get("release", "")) if lived else ""
