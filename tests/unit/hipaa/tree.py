"""A small project without a defect, and the ways to put one in."""

from __future__ import annotations

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
ROOT = Path(__file__).resolve().parents[3]
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

    def change_product(self, path: str, old: str, new: str) -> None:
        """Replace text in a copy of the product's roles, and look at that copy."""
        copy = self.root.parent / "content"
        without = shutil.ignore_patterns("molecule", "__pycache__")
        shutil.copytree(ROOT / "roles", copy / "roles", ignore=without, dirs_exist_ok=True)
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
        """Carry out one check."""
        project = Project(self.root, read_settings(self.root))
        source = Source(project, self.evidence, True, **self.options)  # type: ignore[arg-type]
        return CHECKS[check](source)


Defect = Callable[[Tree], None]


def clean_tree(folder: Path) -> Tree:
    """Return a project without a defect."""
    tree = Tree(folder / "shop", folder / "evidence")
    tree.evidence.mkdir()
    for path, text in CLEAN.items():
        tree.write(path, text)
    tree.git("init", "--quiet", "--initial-branch=main")
    return tree
