"""Whether a commit is its branch's head: what a deploy asks before it begins."""

from __future__ import annotations

import base64
import os
import re
import subprocess  # nosec B404 - git, without a shell
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .exits import CommandError, Exit, bad_input
from .report import Report

_SECONDS = 60
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Question:
    """Which branch of which repository is asked for.

    Attributes:
        branch: its name.
        remote: the repository's address, or the name of a remote in ``folder``.
        folder: where git runs.
        token: log-in for the repository, or an empty string.
    """

    branch: str
    remote: str
    folder: Path
    token: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """git's variables: never a question on the terminal, and the log-in in no command line."""
        variables = {"GIT_TERMINAL_PROMPT": "0"}
        if self.token and self.remote.startswith("https://"):
            login = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
            variables |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{self.remote}.extraheader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login}",
            }
        return variables


def question(branch: str, project: Path | None, environ: Mapping[str, str]) -> Question:
    """Return where to ask: GitHub's repository in a job, else the checkout's origin.

    Raises:
        CommandError: the branch's name is none.
    """
    if _BRANCH.fullmatch(branch) is None or ".." in branch:
        raise bad_input("--branch", branch, "the name of a branch, such as main")
    folder = project or Path.cwd()
    server, name = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    remote = f"{server}/{name}" if server and name else "origin"
    token = environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN") or ""
    return Question(branch, remote, folder, token)


def head_of(asked: Question) -> str:
    """Return the commit that a branch is at.

    Raises:
        CommandError: the repository does not answer, or has no such branch. What is not known is
            refused like what is old.
    """
    try:
        done = subprocess.run(  # nosec B603 B607 - a list, no shell
            ["git", "ls-remote", "--", asked.remote, f"refs/heads/{asked.branch}"],
            cwd=asked.folder,
            env={**os.environ, **asked.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        fault = "".join(said) if done.returncode else ""
        head = done.stdout.decode(errors="replace").partition("\t")[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        fault, head = str(error), ""
    if not fault and _COMMIT.fullmatch(head) is None:
        fault = "it has no such branch"
    if fault:
        raise CommandError(
            Exit.REFUSED,
            f"What {asked.branch} of {asked.remote} is at cannot be told: {fault}.",
            "In a job set GH_TOKEN; elsewhere run it in a checkout whose origin answers.",
        )
    return head


def fresh(
    branch: str, commit: str, project: Path | None, environ: Mapping[str, str] = os.environ
) -> Report:
    """Tell whether a commit is its branch's head.

    Raises:
        CommandError: it is not (exit 3), or an option is no branch or commit.
    """
    if _COMMIT.fullmatch(commit) is None:
        raise bad_input("--commit", commit, "a whole commit, 40 hex digits")
    head = head_of(question(branch, project, environ))
    if head != commit:
        raise CommandError(
            Exit.REFUSED,
            f"{commit} is not the head of {branch}, which is at {head}.",
            "Deploy the head. To go back, use 'iactl rollback': it needs no build.",
        )
    report = Report("ci fresh", "", message=f"{commit} is the head of {branch}.")
    report.data = {"branch": branch, "commit": commit, "head": head}
    return report
