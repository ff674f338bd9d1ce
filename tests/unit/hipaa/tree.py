"""A small project without a defect, and the ways to put one in."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ci_scripts.hipaa.project import Project
from ci_scripts.hipaa.settings import read_settings
from ci_scripts.hipaa.source.checks import CHECKS
from ci_scripts.hipaa.source.context import Source
from ci_scripts.hipaa.verdict import Verdict

APP = "inventories/production/group_vars/all/app.yml"
HOSTS = "inventories/production/hosts.yml"
PLAY = "playbooks/password.yml"
COMPOSE = "compose.yml"
EMERGENCY = "playbooks/emergency_access.yml"
ROTATION = "deploy/logrotate.d/shop"
ROOT = Path(__file__).resolve().parents[3]
ROLES = ("host", "proxy", "release")
PROXY = "roles/proxy/templates/haproxy.cfg.j2"

CLEAN = {
    HOSTS: """\
all:
  vars: {ansible_user: deploy, ansible_become: true}
  children:
    app:
      hosts:
        web1: {ansible_host: 192.0.2.10}
    proxy:
      hosts: {web1: }
""",
    APP: """\
app_name: shop
app_image: registry.example.com/shop
app_domains: [shop.example.com]
app_read_only: true
app_env:
  LOG_LEVEL: info
  SESSION_IDLE_SECONDS: 900
  COOKIE_SECURE: true
app_secrets:
  SECRET_KEY: "{{ vault_secret_key }}"
  DATABASE_URL: >-
    postgresql://shop:{{ vault_database_password }}@db.example.com/shop?sslmode=verify-full
  REDIS_URL: "redis://:{{ vault_redis_password }}@127.0.0.1:6379/0"
proxy_tls_certificate: /etc/haproxy/certs/shop.pem
host_docker_options:
  log-driver: syslog
  log-opts: {syslog-address: "tcp+tls://logs.example.com:6514"}
backup_calendar: daily
backup_encryption_recipient: age1shop
backup_checksum: sha256
""",
    "src/shop.py": """\
def give(response, settings):
    response.set_cookie("shop", "x", httponly=True, samesite="Lax", secure=settings.secure)
""",
    PLAY: """\
- name: Change the password of the application
  hosts: app
  tasks:
    - name: Set the password
      community.postgresql.postgresql_user:
        name: shop
        password: "{{ vault_database_password }}"
      no_log: true
    - name: Tell where the log is
      ansible.builtin.debug:
        msg: "{{ shop_log }}"
""",
    "playbooks/backup.yml": "- {name: Back up the database, hosts: app, tasks: []}\n",
    "playbooks/restore.yml": "- {name: Restore the database, hosts: app, tasks: []}\n",
    EMERGENCY: """\
- name: Give emergency access
  hosts: app
  tasks:
    - name: Make the account, which ends by itself
      ansible.builtin.user:
        name: emergency
        expires: "{{ emergency_ends }}"
    - name: Record that it was given
      ansible.builtin.command:
        argv: [logger, --priority, auth.warning, "emergency access was given"]
""",
    ROTATION: """\
/var/log/shop/audit.log {
    monthly
    rotate 84
}
""",
    "postgresql.conf": "log_connections = on\nlog_statement = 'ddl'\n",
    "hipaa.toml": """\
audit_kept_days = 2192

[audit]
sink = {file = "src/shop.py", holds = "def give"}
database_log = {file = "postgresql.conf", holds = "log_connections = on"}
""",
    COMPOSE: """\
services:
  db:
    image: postgres:16
    ports: ["127.0.0.1:5432:5432"]
""",
}


@dataclass
class Tree:
    """A project in a folder of its own."""

    root: Path
    evidence: Path
    options: dict[str, object] = field(default_factory=dict)
    gates: dict[str, dict[str, object]] = field(default_factory=dict)
    committed: bool = False

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text, encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        """Replace text that is there."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new))

    def commit_all(self) -> None:
        """Commit the tree, on top of a commit without a file."""
        if not self.committed:
            self.git("commit", "--quiet", "--allow-empty", "--message", "nothing")
            self.options.setdefault("history", f"{self.git('rev-parse', 'HEAD')}..HEAD")
        self.committed = True
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")

    def gate(self, name: str, **changes: object) -> None:
        """Change a gate's verdict."""
        self.gates[name] = {**self.gates.get(name, {"gate": name}), **changes}
        document = {"schema": 1, "verdicts": list(self.gates.values())}
        (self.evidence / "gate-verdicts.json").write_text(json.dumps(document))

    def change_product(self, path: str, old: str, new: str) -> None:
        """Replace text in a copy of the product's roles, and look at that copy."""
        copy = self.root.parent / "changed"
        without = shutil.ignore_patterns("molecule", "__pycache__")
        for role in ROLES:
            shutil.copytree(ROOT / "roles" / role, copy / "roles" / role, ignore=without)
        text = (copy / path).read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        (copy / path).write_text(text.replace(old, new), encoding="utf-8")
        self.options["content"] = copy

    def git(self, *arguments: str) -> str:
        """Run git here."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        done = subprocess.run(
            ["git", "-C", str(self.root), *identity, *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def look(self, check: str) -> Verdict:
        """Carry out one check of what git tracks: everything, here."""
        if check == "S1":
            self.commit_all()
        self.git("add", "--all")
        project = Project(self.root, read_settings(self.root))
        source = Source(project, self.evidence, True, **self.options)  # type: ignore[arg-type]
        return CHECKS[check](source)


Defect = Callable[[Tree], None]


def clean_tree(folder: Path) -> Tree:
    """Return a project without a defect."""
    tree = Tree(folder / "shop", folder / "evidence")
    tree.evidence.mkdir()
    # Only what the checks render: other parts of the product must not mend what a test breaks.
    content = folder / "content"
    (content / "roles").mkdir(parents=True)
    for role in ROLES:
        (content / "roles" / role).symlink_to(ROOT / "roles" / role)
    tree.options["content"] = content
    for path, text in CLEAN.items():
        tree.write(path, text)
    for name in ("bandit", "pip-audit", "safety"):
        tree.gate(name, verdict="pass", reason="", scanned=9, tool_version="1", data_date="")
    tree.git("init", "--quiet", "--initial-branch=main")
    return tree
