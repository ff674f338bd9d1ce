"""What the module ``emergency_access`` does, from its parameters to its answer."""

from __future__ import annotations

import pwd
import secrets
import syslog
import time
from pathlib import Path
from typing import Any

from .access import ACTION, Access, check_asked, shut_out
from .access_file import access_file, read_access, write_access
from .encryption import environment
from .errors import DeployError
from .files import make_folder
from .masking import printable
from .programs import Done, check_installed, run
from .public_key import parse_public_key
from .rules import check_name
from .sessions import end_sessions
from .store import Store
from .watcher import leave_watcher

ACCESS_OPTIONS: dict[str, Any] = {
    "state": {"type": "str", "required": True, "choices": ["begun", "open", "ended", "tidied"]},
    "app": {"type": "str", "required": True},
    "user": {"type": "str", "default": "emergency"},
    "home": {"type": "path", "default": "/var/lib/iadeploy-access"},
    "public_key": {"type": "str", "default": "", "no_log": False},
    "minutes": {"type": "int", "default": 60},
    "reason": {"type": "str", "default": ""},
    "actor": {"type": "str", "default": ""},
    "state_dir": {"type": "path", "default": "/var/lib/iadeploy"},
}
_SHORT = 30.0  # seconds
_MAX_SAID = 300  # characters
_LONG_AGO = "1970-01-02"


def answer(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what is asked and return what the module answers, also when it failed."""
    try:
        store = Store(params["state_dir"], check_name(params["app"], "app_name"))
        return {"changed": False, **_ACTIONS[params["state"]](store, params, check_mode)}
    except DeployError as error:
        return {"failed": True, "msg": str(error), "cause": error.cause}


def close(store: Store, access: Access, outcome: str, actor: str) -> None:
    """Take an access back: key, rule and sessions go, and the ledger says so.

    Whatever ends it in the middle, the next one finds it and begins anew.
    """
    for name in (access.key_file, access.rule_file):
        Path(name).unlink(missing_ok=True)
    account = _account(access.user)
    if account is not None:
        end_sessions(account.pw_uid)
        argv = ["usermod", "--expiredate", _LONG_AGO, access.user]
        run(argv, _with_sbin(), "", _SHORT, "end the account")
    tell(store, access, outcome, actor)
    access_file(store.root).unlink(missing_ok=True)


def tell(store: Store, access: Access, outcome: str, actor: str) -> None:
    """Write into the ledger and into the system's log what became of an access.

    Not under the application's lock: an emergency may be that a run holds it and hangs.
    """
    owner = _owner(store, access)
    make_folder(owner.folder)
    owner.tell(ACTION, outcome, **{**access.told(), "actor": actor})
    told = access.told()
    syslog.openlog("iadeploy", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    syslog.syslog(
        syslog.LOG_WARNING,
        f"{ACTION} {outcome}: {access.user} with key {told['fingerprint']} until {told['until']},"
        f" asked for by {access.actor or 'nobody named'}: {access.reason}",
    )


def _begin(store: Store, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    key = parse_public_key(params["public_key"])
    check_asked(params["user"], params["minutes"], params["reason"])
    check_installed("sudo")
    now = int(time.time())
    access = Access(
        id=secrets.token_hex(8),
        user=params["user"],
        **_places(params),
        fingerprint=key.fingerprint,
        actor=params["actor"],
        reason=params["reason"],
        begun=now,
        until=now + 60 * params["minutes"],
        app=store.app,
    )
    _check_account(access, params["home"])
    if not check_mode:
        former = read_access(store.root)
        if former and (former.over(now) or former.fingerprint != access.fingerprint):
            close(store, former, "expired" if former.over(now) else "replaced", access.actor)
        elif former and former.app not in ("", access.app):
            tell(store, former, "replaced", access.actor)  # its key stays, as the new one's
        write_access(store.root, access)
        tell(store, access, "begun", access.actor)
    return {
        "changed": True,
        "access": access.told(),
        "account_expires": access.account_expires(),
        **{name: getattr(access, name) for name in ("key_file", "rule_file")},
        "key_line": access.key_line(key),
        "rule": access.rule(),
    }


def _open(store: Store, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    if check_mode:
        return {}
    access = read_access(store.root)
    if access is None or access.app not in ("", store.app):
        raise DeployError(
            "the access is no more on record: somebody has ended or replaced it before it was open",
            "Look at 'iactl status' for one that is open, then ask for it again",
            cause="refused",
        )
    if access.over(time.time()):
        raise DeployError("the access was over before it was open", "Ask for more minutes")
    fault = shut_out(_ask_sshd(access.user), access.user, access.key_file)
    if fault:
        raise DeployError(
            f"sshd on this server will not let {access.user} in: {fault}",
            "Let it in by /etc/ssh/sshd_config, before an emergency comes, and repeat",
            cause="refused",
        )
    leave_watcher(store, access, close)
    tell(store, access, "open", params["actor"])
    return {"changed": True, "access": access.told()}


def _ask_sshd(user: str) -> str:
    """Return sshd's settings for an account.

    Raises:
        DeployError: it does not tell them; nobody knows then whether the key opens.
    """
    argv = ["sshd", "-T", "-C", f"user={user},host=localhost,addr=127.0.0.1"]
    try:
        asked = run(argv, _with_sbin(), "", _SHORT, "ask sshd for its settings")
    except FileNotFoundError:
        asked = Done(127, "", "sshd is not installed")
    if asked.code == 0 and asked.output.strip():
        return asked.output
    said = " ".join(printable(asked.errors).split())[:_MAX_SAID]
    silent = f"exit code {asked.code}" if asked.code else "it says nothing"
    raise DeployError(
        f"sshd on this server does not tell whether it lets {user} in: {said or silent}",
        "Mend what 'sshd -T' complains of there, before an emergency comes, and repeat",
        cause="refused",
    )


def _end(store: Store, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    access = read_access(store.root) or _unrecorded(params)
    if access and not check_mode:
        over = access.over(time.time())
        close(store, access, "expired" if over else "ended", params["actor"])
    return {"changed": access is not None, "access": access.told() if access else {}}


def _tidy(store: Store, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    access = read_access(store.root)
    if access is None or not access.over(time.time()):
        return {"access": access.told() if access else {}}
    return _end(store, params, check_mode)


def _places(params: dict[str, Any]) -> dict[str, str]:
    """Return where the key and the rule of an access are."""
    return {
        "key_file": f"{params['home']}/.ssh/authorized_keys",
        "rule_file": f"/etc/sudoers.d/iadeploy-{params['user']}",
    }


def _unrecorded(params: dict[str, Any]) -> Access | None:
    """Return an access whose record is gone while its key or its rule is there."""
    places = _places(params)
    if not any(Path(name).exists() for name in places.values()):
        return None
    unknown = dict.fromkeys(("id", "fingerprint", "actor", "reason"), "unknown")
    return Access(user=params["user"], begun=0, until=int(time.time()), **places, **unknown)


def _owner(store: Store, access: Access) -> Store:
    """Return the store of the application that an access was given for, where it is still here.

    A server has one access for all its applications; whoever ends it may be of another one.
    """
    owner = Store(str(store.root), access.app or store.app)
    return owner if owner.folder.is_dir() else store


def _account(user: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        return None


def _check_account(access: Access, home: str) -> None:
    """Return when the account is ours to make or to change.

    Raises:
        DeployError: somebody else has an account of that name.
    """
    account = _account(access.user)
    if account is not None and account.pw_dir != home:
        raise DeployError(
            f"this server has an account {access.user} already, of somebody else",
            "Set access_user to another name",
            cause="refused",
        )


def _with_sbin() -> dict[str, str]:
    own = environment()
    return {**own, "PATH": f"{own['PATH']}:/usr/sbin:/sbin"}


_ACTIONS = {"begun": _begin, "open": _open, "ended": _end, "tidied": _tidy}
