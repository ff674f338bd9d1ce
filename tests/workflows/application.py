"""An application's own repository: the reference application, with the workflows of the docs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .harness.world import git
from .model import ROOT, Workflow

_SOURCE = ROOT / "examples" / "innerarchitect"
_DOCS = ROOT / "docs" / "pipeline.md"
_BLOCK = re.compile(r"^`(\.github/workflows/\S+?)`.*?^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PYTHON = re.compile(r"^# In its own repository.*\npython = .*\n", re.MULTILINE)
# Those that talk to the services; make test runs all of them elsewhere.
_TESTS = re.compile(r"^arguments = .*\nsource = .*\nmin_coverage = .*$", re.MULTILINE)
_FEW_TESTS = """\
arguments = ["-q", "tests/test_cache.py", "tests/test_migrations.py"]
source = ["innerarchitect"]
min_coverage = 30"""
_IGNORED = ("__pycache__", ".pytest_cache", "*.egg-info")
_OPERATIONS = {
    ".yamllint": "---\nextends: default\nrules: {line-length: {max: 140}}\n",
    "operations/postgresql.conf": "log_connections = on\nlog_statement = ddl\n",
    "operations/backup.cron": "0 1 * * * deploy iactl backup production && age --encrypt"
    " --recipient age1made-up dump > dump.age && sha256sum dump.age > dump.sha256\n",
}


class _Indented(yaml.SafeDumper):
    """Indents lists, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent, whatever is asked."""
        super().increase_indent(flow, False)


def _hipaa() -> str:
    """Its `hipaa.toml`, with what the toolkit's accepts of the reference application's tests."""
    own = (Path(__file__).parent / "hipaa.toml").read_text(encoding="utf-8")
    known = tomllib.loads((ROOT / "hipaa.toml").read_text(encoding="utf-8"))["accepted"]
    there = "examples/innerarchitect/"
    for entry in (one for one in known if one["check"] == "S1"):
        findings = {
            path.removeprefix(there): keys
            for path, keys in entry["findings"].items()
            if path.startswith(there)
        }
        if findings:
            lines = [f"{json.dumps(path)} = {json.dumps(keys)}" for path, keys in findings.items()]
            head = ["", "[[accepted]]", 'check = "S1"', f"reason = {json.dumps(entry['reason'])}"]
            own += "\n".join([*head, "", "[accepted.findings]", *lines, ""])
    return own


def documented(commit: str) -> dict[str, str]:
    """Return the workflows that the docs give an application, pinned to a commit of the toolkit."""
    text = _DOCS.read_text(encoding="utf-8")
    return {path: block.replace("@COMMIT", f"@{commit}") for path, block in _BLOCK.findall(text)}


@dataclass
class Application:
    """A clone to work in, and the bare repository that stands for GitHub's.

    Attributes:
        clone: where a developer commits.
        origin: where workflows check out from.
    """

    clone: Path
    origin: Path

    @classmethod
    def create(
        cls,
        folder: Path,
        toolkit_commit: str,
        inventories: Mapping[str, Mapping[str, Any]],
        osv_url: str,
    ) -> Application:
        """Make both, with a first commit on development; main has none yet.

        Args:
            inventories: environment to the content of its files by path.
            osv_url: who knows of vulnerable packages.
        """
        application = cls(folder / "clone", folder / "origin.git")
        ignored = shutil.ignore_patterns(*_IGNORED)
        shutil.copytree(_SOURCE, application.clone, ignore=ignored)
        # What the reference application says of its place in the toolkit's repository.
        project = (application.clone / "pyproject.toml").read_text(encoding="utf-8")
        for table, line in {
            "scan": f'osv_url = "{osv_url}"',
            "lint": 'yaml = ["inventories"]',
        }.items():
            head = f"[tool.iactl.{table}]\n"
            assert head in project
            project = project.replace(head, f"{head}{line}\n")
        project = _TESTS.sub(_FEW_TESTS, project)
        application.write("pyproject.toml", _PYTHON.sub("", project))
        for path, text in documented(toolkit_commit).items():
            application.write(path, text)
        application.write("hipaa.toml", _hipaa())
        for path, text in _OPERATIONS.items():
            application.write(path, text)
        for environment, files in inventories.items():
            for name, content in files.items():
                text = yaml.dump(content, Dumper=_Indented, sort_keys=False)
                application.write(f"inventories/{environment}/{name}", f"---\n{text}")
        git(application.clone, "init", "--quiet", "--initial-branch", "development")
        git(application.clone, "config", "user.name", "Alice")
        git(application.clone, "config", "user.email", "alice@example.com")
        subprocess.run(["git", "init", "--quiet", "--bare", str(application.origin)], check=True)
        # GitHub hands out any commit by its id.
        git(application.origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(application.clone, "remote", "add", "origin", str(application.origin))
        return application

    def write(self, path: str, text: str) -> None:
        """Write a file of the working tree."""
        target = self.clone / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        """Commit everything and return the commit."""
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--message", message)
        return git(self.clone, "rev-parse", "HEAD")

    def push(self, branch: str) -> str:
        """Make a branch of GitHub's repository the commit at hand, and return the commit."""
        git(self.clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return git(self.clone, "rev-parse", "HEAD")

    def propose(self, path: str, text: str) -> str:
        """Return a commit of its own branch, for a pull request; what is at hand stays as it is."""
        git(self.clone, "checkout", "--quiet", "-b", "topic")
        self.write(path, text)
        proposed = self.commit("A proposal")
        self.push("topic")
        git(self.clone, "checkout", "--quiet", "development")
        return proposed

    def workflow(self, name: str) -> Workflow:
        """One of its workflows."""
        path = self.clone / ".github" / "workflows" / name
        return Workflow.parse(name, path.read_text(encoding="utf-8"))
