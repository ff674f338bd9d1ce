"""The files that a host keeps of an application's releases.

::

    <root>/<app>/releases/<id>/release.json   what the release is
    <root>/<app>/releases/<id>/secrets/NAME   its secrets, readable by the application only
    <root>/<app>/lease.json                   which run may change this host
    <root>/<app>/journal.json                 what is being done right now
    <root>/<app>/ledger.jsonl                 what was begun, and what became of it
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .clock import now
from .errors import DeployError
from .files import make_folder, write_atomically
from .lease import Claim, LeaseFile
from .ledger import Ledger, acknowledge, append, read_ledger
from .spec import Release

_LOCK_INTERVAL = 0.05  # seconds
NO_CLAIM = Claim()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Store:
    """The releases of one application on this host.

    Args:
        root: the state directory that the ``host`` role made.
        app: the application's name.

    Raises:
        DeployError: the state directory does not exist.
    """

    def __init__(self, root: str, app: str) -> None:
        if not Path(root).is_dir():
            raise DeployError(
                f"{root} does not exist on this server",
                "Run 'iactl bootstrap' for this environment first",
                cause="refused",
            )
        self.app = app
        self.root = Path(root)
        self.folder = self.root / app
        self.releases_folder = self.folder / "releases"
        self.journal_file = self.folder / "journal.json"
        self.ledger_file = self.folder / "ledger.jsonl"
        self.lease = LeaseFile(self.folder)

    @contextmanager
    def exclusive(self, claim: Claim = NO_CLAIM, wait: float = 10.0) -> Iterator[None]:
        """Hold this application on this host; the kernel lets go when the process ends.

        Args:
            claim: the run that asks; its lease is renewed meanwhile.
            wait: seconds that another process gets to end; one whose controller has gone does.

        Raises:
            DeployError: another process holds it, or the run has no lease.
        """
        make_folder(self.releases_folder)
        with (self.folder / ".lock").open("w", encoding="utf-8") as handle:
            deadline = time.monotonic() + wait
            while not _locked(handle.fileno()):
                if time.monotonic() >= deadline:
                    raise DeployError(
                        f"another process is changing '{self.app}' on this server",
                        "Wait until it has ended, then run the command again",
                        cause="locked",
                    )
                time.sleep(_LOCK_INTERVAL)
            self.lease.admit(claim)
            with self.lease.renewed(claim):
                yield

    def release_folder(self, release_id: str) -> Path:
        """Return the folder of one release."""
        return self.releases_folder / release_id

    def secrets_folder(self, release_id: str) -> Path:
        """Return the folder of one release's secret files."""
        return self.release_folder(release_id) / "secrets"

    def load(self, release_id: str) -> Release | None:
        """Return a kept release, or None when this host does not keep it.

        Raises:
            DeployError: its record cannot be read.
        """
        path = self.release_folder(release_id) / "release.json"
        try:
            return Release.from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DeployError(
                f"{path} cannot be read ({error})",
                "Remove that release's folder, or restore it from a backup",
            ) from error

    def releases(self) -> list[Release]:
        """Return the kept releases, oldest first."""
        if not self.releases_folder.is_dir():
            return []
        names = sorted(entry.name for entry in self.releases_folder.iterdir() if entry.is_dir())
        return [release for release in map(self.load, names) if release is not None]

    def save(self, release: Release) -> None:
        """Write a release's record."""
        folder = self.release_folder(release.id)
        make_folder(folder)
        record = json.dumps(release.to_json(), indent=2, sort_keys=True)
        write_atomically(folder / "release.json", record + "\n")

    def save_secrets(self, release_id: str, secrets: dict[str, str]) -> None:
        """Write the secret files, root's only until ``own_secrets`` hands them over."""
        folder = self.secrets_folder(release_id)
        make_folder(folder)
        for name, value in secrets.items():
            write_atomically(folder / name, value, mode=0o400)

    def own_secrets(self, release_id: str, uid: int, gid: int) -> None:
        """Make the secret files readable by the application's user, and by nobody else."""
        folder = self.secrets_folder(release_id)
        for path in (folder, *folder.iterdir()):
            os.chown(path, uid, gid)
        folder.chmod(0o500)

    def load_secrets(self, release_id: str) -> dict[str, str]:
        """Return a release's secrets by name."""
        folder = self.secrets_folder(release_id)
        if not folder.is_dir():
            return {}
        # As bytes: a text file's reader would turn the line ends of a key into others.
        return {path.name: path.read_bytes().decode("utf-8") for path in folder.iterdir()}

    def forget_unkept(self) -> None:
        """Remove what a crash has left of releases that have no record; it may hold secrets."""
        if self.releases_folder.is_dir():
            for folder in self.releases_folder.iterdir():
                if not (folder / "release.json").exists():
                    shutil.rmtree(folder, ignore_errors=True)

    def forget(self, release_id: str) -> None:
        """Remove a release's folder with its secrets."""
        shutil.rmtree(self.release_folder(release_id), ignore_errors=True)

    def begin(self, step: str, release_id: str, **facts: Any) -> None:
        """Write down what is about to be done, before it is done.

        Which processes were told to end stays known whoever goes on: many an application takes a
        second signal for "at once" and drops the task that it was about to finish.
        """
        told = self.journal().get("ending")
        kept = {"ending": told} if told else {}
        entry = {"step": step, "release": release_id, "at": now(), **kept, **facts}
        write_atomically(self.journal_file, json.dumps(entry, sort_keys=True) + "\n")

    def journal(self) -> dict[str, Any]:
        """Return what was being done, or an empty dictionary."""
        try:
            entry = json.loads(self.journal_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return entry if isinstance(entry, dict) else {}

    def journal_of(self, release_id: str) -> dict[str, Any]:
        """Return what was being done for one release; nothing when it was another one's turn."""
        entry = self.journal()
        return entry if entry.get("release") == release_id else {}

    def end(self) -> None:
        """Write down that nothing is being done any more."""
        self.journal_file.unlink(missing_ok=True)

    def intend(self, action: str, release: Release, actor: str, **facts: Any) -> None:
        """Write into the ledger what is about to be done; once, however often it is begun."""
        begun = self._open_intent(release.id)
        if begun is None or begun.get("action") != action:
            self._append("intent", action, _subject(release), actor=actor, **facts)

    def record(self, action: str, outcome: str, release: Release, **facts: Any) -> None:
        """Write into the ledger what became of a release."""
        self._append("outcome", action, _subject(release), outcome=outcome, **facts)

    def record_unkept(self, action: str, outcome: str, release_id: str, **facts: Any) -> None:
        """Write into the ledger what became of a release that this host never got to keep."""
        begun = self._open_intent(release_id)
        if begun is not None:
            subject = {name: begun.get(name, "") for name in ("release", "version", "digest")}
            self._append("outcome", action, subject, outcome=outcome, **facts)

    def tell(self, action: str, outcome: str, **facts: Any) -> None:
        """Write into the ledger what was done to the application's data."""
        subject = {"release": "", "version": "", "digest": ""}
        self._append("outcome", action, subject, outcome=outcome, **facts)

    def acknowledge(self, actor: str, reason: str) -> str:
        """Let a broken ledger count again from here on; return what was wrong with it."""
        return acknowledge(self.ledger_file, {"at": now(), "actor": actor, "reason": reason})

    def is_live(self, release_id: str) -> bool:
        """Tell whether the last that happened here is that this release was committed."""
        last = self._last_of_a_release()
        return last.get("release") == release_id and last.get("outcome") == "live"

    def _open_intent(self, release_id: str) -> dict[str, Any] | None:
        """Return the ledger's last entry about a release when it is this release's intent."""
        last = self._last_of_a_release()
        ours = last.get("kind") == "intent" and last.get("release") == release_id
        return last if ours else None

    def _last_of_a_release(self) -> dict[str, Any]:
        """Return the ledger's last entry about a release, or an empty dictionary."""
        entries = reversed(self.ledger().entries)
        return next((one for one in entries if one.get("release")), {})

    def _append(self, kind: str, action: str, subject: dict[str, str], **facts: Any) -> None:
        entry = {"kind": kind, "at": now(), "action": action, **subject, **facts}
        append(self.ledger_file, entry)

    def ledger(self) -> Ledger:
        """Return the ledger and whether its chain holds."""
        return read_ledger(self.ledger_file)

    def history(self) -> list[dict[str, Any]]:
        """Return what became of every release, oldest first.

        What was begun and has no outcome was ``interrupted``; the last one may be under way.
        """
        entries = [one for one in self.ledger().entries if one.get("kind") in ("intent", "outcome")]
        told = []
        for number, one in enumerate(entries, start=1):
            after = next((later for later in entries[number:] if later.get("release")), {})
            if one["kind"] == "outcome":
                told.append(one)
            elif after.get("release") != one.get("release"):
                told.append({**one, "outcome": "interrupted" if after else "unfinished"})
        return told


def _subject(release: Release) -> dict[str, str]:
    return {"release": release.id, "version": release.label, "digest": release.digest}
