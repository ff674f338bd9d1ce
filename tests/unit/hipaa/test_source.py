"""Each check of a source: green on the clean tree, red with a defect that was put in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ci_scripts.evidence import EvidenceError
from ci_scripts.exits import CommandError
from ci_scripts.git import GitError
from ci_scripts.hipaa.containers import request_faults
from ci_scripts.hipaa.haproxy_syntax import missing_tool
from ci_scripts.hipaa.history import commit_range, unpack
from ci_scripts.hipaa.project import find_project
from ci_scripts.hipaa.run import accept
from ci_scripts.hipaa.secret_scan import scan
from ci_scripts.hipaa.settings import Accepted, Settings
from ci_scripts.hipaa.source import s07_verification
from ci_scripts.hipaa.source.checks import CHECKS
from ci_scripts.hipaa.source.context import Source
from ci_scripts.hipaa.verdict import Status, Verdict
from ci_scripts.runner.values import InventoryError
from tests.unit.hipaa.tree import (
    APP,
    COMPOSE,
    EMERGENCY,
    HOSTS,
    PLAY,
    PROXY,
    ROOT,
    ROTATION,
    Defect,
    Tree,
)


def change(path: str, old: str, new: str) -> Defect:
    return lambda tree: tree.change(path, old, new)


def write(path: str, text: str) -> Defect:
    return lambda tree: tree.write(path, text)


SECRET = "hunter2-hunter2"
READS_VALUES = ("S2", "S3", "S4", "S5", "S6", "S8", "S9")

# Check, what is wrong, how it is put in, and words that the finding says.
DEFECTS: list[tuple[str, str, Defect, str]] = [
    (
        "S2",
        "a secret in plain text",
        change(APP, '"{{ vault_secret_key }}"', "hunter2-hunter2"),
        "app_secrets.SECRET_KEY is a secret in plain text",
    ),
    (
        "S2",
        "a default for a secret",
        change(APP, "vault_secret_key }}", "vault_secret_key | default('hunter2') }}"),
        "app_secrets.SECRET_KEY has a default",
    ),
    (
        "S2",
        "a password inside an address",
        change(APP, "LOG_LEVEL: info", "BROKER: amqp://shop:hunter2@mq/"),
        "the address in app_env.BROKER holds a password",
    ),
    (
        "S2",
        "a vault that is not encrypted",
        write("inventories/production/group_vars/all/vault.yml", "vault_secret_key: hunter2\n"),
        "vault_secret_key is a secret in plain text",
    ),
    ("S2", "a shared administrator", change(HOSTS, "deploy", "root"), "shared administrator"),
    ("S2", "a filled environment file", write("shop.env", "API_KEY=hunter2\n"), "API_KEY"),
    ("S2", "the vault's password", write(".vault_pass", "hunter2\n"), "vault's password"),
    ("S2", "unreadable variables", write("group_vars/all.yml", "a: [\n"), "cannot be read"),
]


TLS = "proxy_tls_certificate: /etc/haproxy/certs/shop.pem"
LOG_FORMAT = "%HM %HPO"


def product(old: str, new: str, path: str = PROXY) -> Defect:
    return lambda tree: tree.change_product(path, old, new)


DEFECTS += [
    ("S3", "no certificate", change(APP, TLS, ""), "no address serves HTTPS"),
    ("S3", "no certificate: plain", change(APP, TLS, ""), "web answers plain HTTP at :80"),
    ("S3", "TLS 1.0", product("ssl-min-ver TLSv1.2", "ssl-min-ver TLSv1.0"), "TLS from TLSv1.0"),
    ("S3", "no least TLS", product("ssl-min-ver TLSv1.2 ", ""), "TLS from no version"),
    ("S3", "TLS 1.1 at the address", product("ssl crt", "ssl ssl-min-ver TLSv1.1 crt"), "TLSv1.1"),
    ("S3", "forced", product("ssl crt", "ssl force-tlsv10 crt"), "forces an old protocol"),
    ("S3", "RC4", product("bind-ciphers ECDHE", "bind-ciphers RC4-SHA:ECDHE"), "a weak cipher"),
    ("S3", "RC4 at the address", product("ssl crt", "ssl ciphers RC4 crt"), "a weak cipher at"),
    ("S3", "no redirect", product("http-request redirect scheme", "# "), "more than a redirect"),
    (
        "S3",
        "an answer before the redirect",
        product(
            "    http-request redirect scheme",
            "    http-request return status 200 if { path /x }\n    http-request redirect scheme",
        ),
        "more than a redirect",
    ),
    (
        "S3",
        "a redirect of some",
        product("code 308 unless { ssl_fc }", "code 308 if { path /x }"),
        "more than a redirect",
    ),
    ("S3", "no HSTS", product("http-response set-header Strict", "# "), "no Strict-Transport"),
    ("S3", "short HSTS", product("max-age=31536000", "max-age=300"), "no Strict-Transport"),
    (
        "S3",
        "no address",
        product("http-request set-header X-Forwarded-For", "# "),
        "the client's address",
    ),
    ("S3", "no scheme", product("set-header X-Forwarded-Proto https", "set-header X 1"), "Proto"),
    ("S3", "no section", product("global\n", "\n"), "stands in no section"),
    ("S4", "no sslmode", change(APP, "?sslmode=verify-full", ""), "with sslmode not set"),
    ("S4", "unverified", change(APP, "verify-full", "require"), "with sslmode require"),
    ("S4", "plain Redis", change(APP, "127.0.0.1:6379", "r.example.com"), "without TLS"),
    ("S4", "another address", change(APP, "127.0.0.1:6379", "192.0.2.99"), "without TLS"),
    ("S4", "open Redis", change(APP, ":{{ vault_redis_password }}@", ""), "REDIS_URL: has no pass"),
    (
        "S4",
        "no database password",
        change(APP, ":{{ vault_database_password }}", ""),
        "DATABASE_URL: has no password",
    ),
    ("S4", "no address", change(APP, "@127.0.0.1:6379", "@127.0.0.1:none"), "cannot be read"),
    (
        "S5",
        "the engine's socket",
        change(APP, "app_name", "app_volumes: ['/run/docker.sock:/d']\napp_name"),
        "a deploy would refuse it: app_volumes",
    ),
    (
        "S5",
        "the server's files",
        change(APP, "app_name", "app_volumes: ['/etc:/host']\napp_name"),
        "reaches the server's /etc",
    ),
    (
        "S5",
        "a capability",
        change(APP, "app_name", "app_cap_add: [sys_admin]\napp_name"),
        "the capability SYS_ADMIN",
    ),
    (
        "S5",
        "the server's network",
        product(
            "release_network: \"{{ host_network_name | default('iadeploy') }}\"",
            "release_network: host",
            "roles/release/defaults/main.yml",
        ),
        "shares the server's own (NetworkMode)",
    ),
    ("S5", "writable", change(APP, "app_read_only: true", ""), "set app_read_only"),
    (
        "S5",
        "a wrong type",
        change(APP, "app_read_only: true", "app_read_only: true\napp_pids: many"),
        "a deploy would refuse it",
    ),
    ("S5", "an open database", change(COMPOSE, "127.0.0.1:", ""), "publishes a port"),
    ("S5", "everywhere", change(COMPOSE, "127.0.0.1", "0.0.0.0"), "publishes a port"),
    (
        "S5",
        "an open Redis in a task",
        change(
            PLAY,
            "    - name: Tell",
            "    - name: Start Redis\n      community.docker.docker_container:\n"
            "        image: redis:7\n        published_ports: ['6379:6379']\n    - name: Tell",
        ),
        "redis:7 publishes a port",
    ),
    (
        "S5",
        "an open port in long form",
        change(COMPOSE, '["127.0.0.1:5432:5432"]', "[{target: 5432, published: 5432}]"),
        "publishes a port",
    ),
    (
        "S5",
        "the host's network",
        change(COMPOSE, "ports:", "network_mode: host #"),
        "own addresses",
    ),
    ("S5", "privileged", change(COMPOSE, "ports:", "privileged: true #"), "is privileged"),
    (
        "S5",
        "a declared socket",
        change(COMPOSE, "ports:", "volumes: [/var/run/docker.sock:/d] #"),
        "postgres:16 reaches the engine's socket",
    ),
    ("S6", "no idle time", change(APP, "SESSION_IDLE_SECONDS: 900", ""), "nothing ends an idle"),
    ("S6", "a day", change(APP, "SECONDS: 900", "SECONDS: 86400"), "lives on for 86400 s"),
    ("S6", "no number", change(APP, "SECONDS: 900", "SECONDS: never"), "lives on for never s"),
    ("S6", "no end", change(APP, "SECONDS: 900", "SECONDS: 0"), "lives on for 0 s"),
    ("S6", "not secure", change(APP, "COOKIE_SECURE: true", ""), "may go over plain HTTP"),
    ("S6", "insecure", change(APP, "SECURE: true", "SECURE: false"), "may go over plain HTTP"),
    ("S6", "readable", change("src/shop.py", "httponly=True, ", ""), "without httponly=True"),
    ("S6", "not HttpOnly", change("src/shop.py", "httponly=True", "httponly=False"), "httponly"),
    ("S6", "any site", change("src/shop.py", '"Lax"', '"None"'), "without samesite"),
    ("S6", "secure unsaid", change("src/shop.py", ", secure=settings.secure", ""), "secure"),
    ("S6", "no HttpOnly at all", change("src/shop.py", "set_cookie", "put"), "are HttpOnly"),
    ("S6", "no SameSite at all", change("src/shop.py", "set_cookie", "put"), "are SameSite"),
    (
        "S6",
        "HttpOnly off",
        change(APP, "LOG_LEVEL: info", "SESSION_COOKIE_HTTPONLY: false"),
        "SESSION_COOKIE_HTTPONLY is off",
    ),
    (
        "S6",
        "SameSite off",
        change(APP, "LOG_LEVEL: info", "SESSION_COOKIE_SAMESITE: None"),
        "neither Lax nor Strict",
    ),
    ("S8", "no no_log", change(PLAY, "no_log: true", "tags: [a]"), "'Set the password' touches"),
    ("S8", "a template", change(PLAY, "no_log: true", 'no_log: "{{ x }}"'), "'Set the password'"),
    ("S8", "in a message", change(PLAY, "shop_log", "vault_x"), "'Tell where the log is' touches"),
    (
        "S8",
        "a declared secret",
        write(
            "roles/shop/meta/argument_specs.yml",
            "argument_specs: {main: {options: {shop_log: {type: str, no_log: true}}}}\n",
        ),
        "touches shop_log",
    ),
    (
        "S8",
        "inside a block",
        change(
            PLAY,
            "    - name: Tell",
            "    - name: Tell both\n      block:\n        - name: Tell it\n"
            "          ansible.builtin.debug: {var: shop.token}\n"
            '        - {name: Say it, debug: {msg: "{{ shop.token }}"}}\n    - name: Tell',
        ),
        "'Say it' touches token",
    ),
    ("S8", "the request line", product(LOG_FORMAT, "%{+Q}r"), "the whole request line (%r)"),
    ("S8", "the query", product(LOG_FORMAT, "%HM %HU"), "the address with its query"),
    ("S8", "a header", product(LOG_FORMAT, "%[req.hdr(cookie)]"), "%[req.hdr(cookie)]"),
    ("S8", "a body", product(LOG_FORMAT, "%[req.body]"), "%[req.body]"),
    ("S8", "httplog", product("option dontlognull", "option httplog"), "option httplog"),
    (
        "S8",
        "a captured header",
        product(
            "    bind :{{ proxy_http_port",
            "    capture request header Cookie len 9\n    bind :{{ proxy_http_port",
        ),
        "captures 'request header Cookie'",
    ),
]


def removed(path: str) -> Defect:
    return lambda tree: (tree.root / path).unlink()


def in_the_past(tree: Tree) -> None:
    tree.commit_all()
    tree.write("deploy.sh", f"aws_key={KEY_ID}\n")
    tree.commit_all()
    tree.write("deploy.sh", "aws_key=$AWS_KEY\n")


EMERGENCY_ROLE = """\
- name: Give emergency access
  hosts: app
  tasks:
    - name: Let the key in
      ansible.builtin.import_role:
        name: access
        tasks_from: open
"""


def in_a_role(old: str, new: str) -> Defect:
    """Have the playbook name a role, in which something is wrong."""

    def defect(tree: Tree) -> None:
        tree.write(EMERGENCY, EMERGENCY_ROLE)
        shutil.copytree(ROOT / "roles" / "access", tree.root / "roles" / "access")
        assert tree.look("S10").status is Status.PASS
        tree.change("roles/access/tasks/open.yml", old, new)

    return defect


def gate(name: str, **changes: object) -> Defect:
    return lambda tree: tree.gate(name, **changes)


# In two parts, so that these tests hold nothing that looks like a credential.
KEY_ID = "AKIA" + "Q3EGRHGT7XW2NDPZ"
PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n"

DEFECTS += [
    ("S1", "an access key", write("deploy.sh", f"key={KEY_ID}\n"), "deploy.sh:1: this looks"),
    ("S1", "a private key", write("id_rsa", PRIVATE_KEY), "id_rsa:1: this looks like a cred"),
    (
        "S1",
        "a comment is no reason",
        write("deploy.sh", f"key={KEY_ID} # pragma: allowlist secret\n"),
        "deploy.sh:1: this looks",
    ),
    ("S1", "a removed access key", in_the_past, "in an earlier version of this file"),
    (
        "S9",
        "no sink",
        change("hipaa.toml", 'sink = {file = "src/shop.py", holds = "def give"}', ""),
        "nothing shows where the application records",
    ),
    ("S9", "a sink that is gone", removed("src/shop.py"), "src/shop.py, which is not there"),
    ("S9", "a sink no more", change("src/shop.py", "def give", "def put"), "any more"),
    ("S9", "no retention", change("hipaa.toml", "audit_kept_days = 2192", ""), "nothing says how"),
    ("S9", "a year", change("hipaa.toml", "2192", "365"), "kept for 365 days"),
    (
        "S9",
        "no log of the database",
        change("postgresql.conf", "log_connections = on", "log_connections = off"),
        "does not show that PostgreSQL logs",
    ),
    ("S9", "local logs", change(APP, "log-driver: syslog", "max: 1"), "log-driver json-file"),
    ("S9", "deleted early", change(ROTATION, "rotate 84", "rotate 12"), "after 360 days"),
    ("S9", "a greatest age", change(ROTATION, "monthly", "monthly\n maxage 90"), "after 90 days"),
    ("S10", "no restore", removed("playbooks/restore.yml"), "restore.yml: there is no such"),
    ("S10", "no backup", removed("playbooks/backup.yml"), "backup.yml: there is no such"),
    ("S10", "no emergency", removed(EMERGENCY), "emergency_access.yml: there is no such"),
    (
        "S10",
        "a restore that Ansible cannot read",
        write("playbooks/restore.yml", "- {name: Restore, hosts: app, task: []}\n"),
        "restore.yml: Ansible cannot read it",
    ),
    ("S10", "no end", change(EMERGENCY, "expires:", "comment:"), "does not end by itself"),
    ("S10", "no record", change(EMERGENCY, "logger", "echo"), "is not recorded"),
    (
        "S10",
        "no schedule",
        change(APP, "backup_calendar: daily", ""),
        "gives backups their schedule",
    ),
    (
        "S10",
        "no encryption",
        change(APP, "backup_encryption_recipient: age1shop", "backup_encryption: false"),
        "gives backups their encryption",
    ),
    (
        "S10",
        "no checksum",
        change(APP, "backup_checksum: sha256", ""),
        "gives backups their checksum",
    ),
    (
        "S10",
        "backups for nobody",
        change(APP, "backup_encryption_recipient: age1shop", "app_backup_recipients: []"),
        "gives backups their encryption",
    ),
    ("S10", "a role without an end", in_a_role("expires", "comment"), "does not end by itself"),
    ("S10", "a role without a record", in_a_role("begun", "open"), "is not recorded"),
    ("S11", "bandit failed", gate("bandit", verdict="fail", reason="1 HIGH"), "came to fail: 1 H"),
    ("S11", "bandit broke", gate("bandit", verdict="error"), "bandit came to error"),
    ("S11", "not run", gate("pip-audit", verdict="not_run"), "pip-audit came to not_run"),
    ("S11", "nothing scanned", gate("pip-audit", scanned=0), "pip-audit looked at nothing"),
    ("S11", "no reason", gate("safety", verdict="not_run"), "safety came to not_run"),
    ("S11", "safety failed", gate("safety", verdict="fail"), "safety came to fail"),
    ("S11", "no bandit", gate("bandit", gate="other"), "the gate bandit is missing"),
]

# One way to write each pattern of S7, by the pattern's name.
SWITCHED_OFF = {
    "requests without verification": ("src/a.py", "requests.get(url, verify=False)"),
    "no certificate asked for": ("src/a.py", "context.verify_mode = ssl.CERT_NONE"),
    "no host name check": ("src/a.py", "context.check_hostname = False"),
    "unverified context": ("src/a.py", "context = ssl._create_unverified_context()"),
    "certificates not validated": ("playbooks/a.yml", "    validate_certs: false"),
    "unknown host keys taken": ("ansible.cfg", "ssh_args = -o StrictHostKeyChecking=no"),
    "host keys thrown away": ("deploy.sh", "ssh -o UserKnownHostsFile=/dev/null web1"),
    "host keys not checked": ("ansible.cfg", "host_key_checking = False"),
    "host keys asked over the net": (".github/workflows/a.yml", "- run: ssh-keyscan web1"),
    "any host key added": ("src/a.py", "client.set_missing_host_key_policy(AutoAddPolicy())"),
    "curl without verification": ("deploy.sh", "curl -fsSk https://web1/"),
    "wget without verification": ("deploy.sh", "wget --no-check-certificate https://web1/"),
    "git or npm without verification": (".npmrc", "strict-ssl=false"),
    "node without verification": ("compose.yml", "  NODE_TLS_REJECT_UNAUTHORIZED: 0"),
    "pip without verification": ("Dockerfile", "RUN pip install --trusted-host pypi shop"),
    "proxy without verification": ("haproxy.cfg", "  server blue web1:443 ssl verify none"),
    "weak hash": ("src/a.py", "key = hashlib.md5(text).hexdigest()"),
}
DEFECTS += [("S7", name, write(*line), name) for name, line in SWITCHED_OFF.items()]


def bandit_says(tree: Tree) -> None:
    one = {"filename": "./src/a.py", "line_number": 3, "test_id": "B324", "issue_text": "md5"}
    (tree.evidence / "bandit-results.json").write_text(json.dumps({"results": [one]}))


DEFECTS += [("S7", "what bandit found", bandit_says, "src/a.py:3: bandit B324: md5")]


def test_every_pattern_of_s7_has_a_line_that_it_finds() -> None:
    assert set(SWITCHED_OFF) == set(s07_verification.PATTERNS)


SOUND = {
    "HostConfig": {
        "Binds": ["shop-data:/data", "/srv/secrets:/run/secrets:ro"],
        "NetworkMode": "iadeploy",
        "ReadonlyRootfs": True,
        "SecurityOpt": ["no-new-privileges"],
        "CapAdd": ["NET_BIND_SERVICE"],
        "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
    }
}


def test_a_sound_container_has_no_fault() -> None:
    assert list(request_faults(SOUND)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ReadonlyRootfs": False}, "root file system is writable"),
        ({"Privileged": True}, "is privileged"),
        ({"NetworkMode": "host"}, "(NetworkMode)"),
        ({"PidMode": "host"}, "(PidMode)"),
        ({"IpcMode": "host"}, "(IpcMode)"),
        ({"SecurityOpt": []}, "lacks no-new-privileges"),
        ({"SecurityOpt": ["no-new-privileges:false"]}, "lacks no-new-privileges"),
        ({"SecurityOpt": ["no-new-privileges", "seccomp=unconfined"]}, "seccomp=unconfined"),
        ({"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]}, "the engine's socket"),
        ({"Binds": ["/:/host:ro"]}, "the server's /"),
        ({"Binds": ["/var/lib/docker:/d"]}, "the server's /var/lib/docker"),
        ({"CapAdd": ["ALL"]}, "the capability ALL"),
        ({"PortBindings": {"80/tcp": [{"HostPort": "80"}]}}, "publishes 80/tcp"),
        ({"PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0"}]}}, "publishes 80/tcp"),
    ],
    ids=str,
)
def test_what_a_container_may_not_do_is_told(change: dict[str, Any], said: str) -> None:
    found = list(request_faults({"HostConfig": {**SOUND["HostConfig"], **change}}))
    assert len(found) == 1 and said in found[0]


@pytest.mark.skipif(bool(missing_tool()), reason=f"{missing_tool()} is not installed")
def test_what_only_haproxy_itself_refuses_turns_s3_red(tree: Tree) -> None:
    tree.change_product(PROXY, "timeout queue 10s", "timeout queue soon")
    verdict = tree.look("S3")
    assert verdict.status is Status.FAIL
    assert len(verdict.findings) == 1
    assert verdict.findings[0].text.startswith("haproxy -c: config : parsing [haproxy.cfg:")
    assert "timeout queue" in verdict.findings[0].text


def test_without_haproxy_s3_says_that_its_own_check_did_not_run(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_git = tree.root.parent / "bin"
    only_git.mkdir()
    (only_git / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(only_git))
    tree.change_product(PROXY, "timeout queue 10s", "timeout queue soon")
    verdict = tree.look("S3")
    assert verdict.status is Status.PASS
    assert verdict.notes == ("haproxy is not installed here, so 'haproxy -c' did not run.",)


def test_an_address_that_only_the_vault_knows_is_not_tested(tree: Tree) -> None:
    text = "  DATABASE_URL: '{{ vault_database_url }}'\n"
    tree.write(APP, re.sub(r"  DATABASE_URL: .*\n.*\n", text, (tree.root / APP).read_text()))
    verdict = tree.look("S4")
    assert verdict.status is Status.NOT_TESTED
    assert "DATABASE_URL lies in the vault as a whole" in verdict.reason


def test_with_the_vault_s_password_the_address_is_judged(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tree.root.parent / "password"
    password.write_text("open sesame\n")
    vault = VaultLib([("default", VaultSecret(b"open sesame"))])
    url = f"postgresql://shop:{SECRET}@db.example.com/shop?sslmode=disable"
    sealed = vault.encrypt(f"vault_database_url: {url}\n")
    tree.write("inventories/production/group_vars/all/vault.yml", sealed.decode())
    test_an_address_that_only_the_vault_knows_is_not_tested(tree)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(password))
    verdict = tree.look("S4")
    assert verdict.status is Status.FAIL
    assert "sslmode disable" in verdict.findings[0].text
    assert SECRET not in str(verdict)
    assert tree.look("S2").status is Status.PASS


def test_an_inline_vault_value_is_a_reference(tree: Tree) -> None:
    sealed = VaultLib([("default", VaultSecret(b"open sesame"))]).encrypt(SECRET).decode()
    block = "\n".join(f"    {line}" for line in sealed.splitlines())
    tree.change(APP, '"{{ vault_secret_key }}"', f"!vault |\n{block}")
    assert {tree.look(check).status for check in READS_VALUES} == {Status.PASS}


def test_a_lookup_is_a_reference_and_is_not_carried_out(tree: Tree) -> None:
    ran = tree.root.parent / "ran"
    lookup = f"\"{{{{ lookup('pipe', 'touch {ran}') }}}}\""
    tree.change(APP, '"{{ vault_secret_key }}"', lookup)
    assert {tree.look(check).status for check in READS_VALUES} == {Status.PASS}
    assert not ran.exists()


def test_safety_may_be_left_out_with_a_reason(tree: Tree) -> None:
    tree.gate("safety", verdict="not_run", reason="no key", optional=True, scanned=0)
    verdict = tree.look("S11")
    assert verdict.status is Status.PASS
    assert "safety 1: not_run, 0 scanned." in verdict.notes


def test_the_date_of_the_gates_data_is_told(tree: Tree) -> None:
    tree.gate("pip-audit", data_date="2026-03-01")
    assert "pip-audit 1: pass, 9 scanned, data of 2026-03-01." in tree.look("S11").notes


@pytest.mark.slow
def test_a_place_in_a_file_may_show_what_no_variable_configures(tree: Tree) -> None:
    tree.change(APP, "backup_checksum: sha256", "")
    pointer = '[backup]\nchecksum = {file = "src/shop.py", holds = "sha256"}\n'
    tree.write("hipaa.toml", (tree.root / "hipaa.toml").read_text() + pointer)
    verdict = tree.look("S10")
    assert verdict.status is Status.FAIL
    assert "src/shop.py does not show the checksum of backups" in verdict.findings[0].text
    tree.write("src/shop.py", "TOTAL = hashlib.sha256()\n")
    assert tree.look("S10").status is Status.PASS


def test_missing_gates_never_pass(tree: Tree) -> None:
    (tree.evidence / "gate-verdicts.json").unlink()
    assert tree.look("S11").status is Status.ERROR
    source = Source(find_project(tree.root), tree.root)
    verdict = CHECKS["S11"](source)
    assert verdict.status is Status.NOT_TESTED and "gate-verdicts.json" in verdict.reason


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"schema": 2, "verdicts": []}', '{"schema": 1}', '{"schema": 1, "verdicts": [3]}'],
)
def test_gates_that_cannot_be_understood_are_an_error(tree: Tree, text: str) -> None:
    (tree.evidence / "gate-verdicts.json").write_text(text)
    with pytest.raises(EvidenceError, match="gate-verdicts.json"):
        tree.look("S11")


@pytest.mark.parametrize("host", ["172.30.250.1", "192.0.2.10", "localhost", "[::1]"])
def test_redis_on_the_server_itself_needs_no_tls(tree: Tree, host: str) -> None:
    tree.change(APP, "@127.0.0.1:6379", f"@{host}:6379")
    assert tree.look("S4").status is Status.PASS


def test_a_credential_in_the_tree_is_told_once(tree: Tree) -> None:
    tree.write("deploy.sh", f"key={KEY_ID}\n")
    assert [str(one) for one in tree.look("S1").findings] == [
        "deploy.sh:1: this looks like a credential: AWS Access Key"
    ]


def test_a_value_with_a_default_has_that_value(tree: Tree) -> None:
    tree.change(APP, "SECONDS: 900", "SECONDS: '{{ shop_idle | default(600) }}'")
    assert tree.look("S6").status is Status.PASS
    tree.change(APP, "default(600)", "default(6000)")
    assert "lives on for 6000 s" in tree.look("S6").findings[0].text


def test_without_a_range_the_history_is_not_tested(tree: Tree) -> None:
    verdict = tree.look("S1")
    assert verdict.status is Status.PASS, verdict
    tree.options["history"] = ""
    assert tree.look("S1").status is Status.NOT_TESTED


def accepted(tree: Tree, check: str) -> Verdict:
    """Return a check's verdict with every finding of it accepted."""
    found = tree.look(check)
    assert found.status is Status.FAIL, found
    entries = tuple(Accepted(check, one.place, (one.key,), "made up") for one in found.findings)
    return accept(check, found, Settings(accepted=entries), date(2026, 3, 1))


def test_an_accepted_finding_of_the_tree_does_not_stand_for_the_history(tree: Tree) -> None:
    tree.write("deploy.sh", f"key={KEY_ID}\n")
    tree.options["history"] = ""
    verdict = accepted(tree, "S1")
    assert verdict.status is Status.NOT_TESTED and "add --history" in verdict.reason
    tree.options["history"] = "HEAD..HEAD"
    verdict = accepted(tree, "S1")
    assert verdict.status is Status.ERROR and "no commits to look at" in verdict.reason
    tree.options["history"] = "HEAD~1..HEAD"
    assert accepted(tree, "S1").status is Status.PASS


def test_accepted_tasks_do_not_stand_for_proxies_that_nobody_looked_at(tree: Tree) -> None:
    tree.change(PLAY, "no_log: true", "tags: [a]")
    assert accepted(tree, "S8").status is Status.PASS
    tree.write("hipaa.toml", "[environments_left_out]\nproduction = 'gone'\n")
    assert accepted(tree, "S8").status is Status.ERROR


def test_an_accepted_address_does_not_stand_for_one_in_the_vault(tree: Tree) -> None:
    text = "  DATABASE_URL: '{{ vault_database_url }}'\n"
    tree.write(APP, re.sub(r"  DATABASE_URL: .*\n.*\n", text, (tree.root / APP).read_text()))
    tree.change(APP, ":{{ vault_redis_password }}@", "")
    verdict = accepted(tree, "S4")
    assert verdict.status is Status.NOT_TESTED
    assert "DATABASE_URL lies in the vault as a whole" in verdict.reason


@pytest.mark.parametrize("check", ["S3", "S8"])
def test_a_configuration_that_cannot_be_read_is_accepted_by_nobody(tree: Tree, check: str) -> None:
    tree.change_product(PROXY, "global\n", "\n")
    assert accepted(tree, check).status is Status.ERROR


def test_a_key_below_a_comment_that_is_not_utf_8_is_found(tree: Tree) -> None:
    tree.commit_all()
    text = f"# Schl\xfcssel f\xfcr den Server\nkey={KEY_ID}\n".encode("latin-1")
    (tree.root / "deploy.sh").write_bytes(text)
    (tree.root / "gone.sh").write_bytes(text + b"# gone\n")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "two keys")
    tree.git("rm", "--quiet", "gone.sh")
    assert [str(one) for one in tree.look("S1").findings] == [
        "deploy.sh:2: this looks like a credential: AWS Access Key",
        "gone.sh: this looks like a credential: AWS Access Key in an earlier version of this file",
    ]


def test_a_name_that_is_not_utf_8_hides_no_file(tree: Tree) -> None:
    tree.commit_all()
    for name in (b"caf\xe9.sh", b"caf\xe9-gone.sh"):
        text = f"key={KEY_ID}\ncurl --insecure https://web1/{len(name)}\n"
        (tree.root / os.fsdecode(name)).write_text(text)
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "two keys")
    (tree.root / os.fsdecode(b"caf\xe9-gone.sh")).unlink()
    places = {os.fsencode(one.place) for one in tree.look("S1").findings}
    assert places == {b"caf\xe9.sh", b"caf\xe9-gone.sh"}
    assert [os.fsencode(one.place) for one in tree.look("S7").findings] == [b"caf\xe9.sh"]


def test_a_backslash_in_a_name_hides_no_file(tree: Tree) -> None:
    tree.write("a\\b\\..\\deploy.sh", f"key={KEY_ID}\n")
    found = {(one.place, one.line) for one in tree.look("S1").findings}
    assert found == {("a\\b\\..\\deploy.sh", 1)}


def test_what_was_not_scanned_does_not_count_as_looked_at(tree: Tree) -> None:
    tree.commit_all()
    before = tree.look("S1")
    (tree.root / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    tree.commit_all()
    (tree.root / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x01")
    verdict = tree.look("S1")
    assert verdict.status is Status.PASS
    assert verdict.reason.partition(" history")[0] == before.reason.partition(" history")[0]
    assert "Binary files, not looked at: 1." in verdict.notes
    assert "Earlier versions scanned: 0." in verdict.notes


def test_a_commit_writes_nothing_outside_of_the_folder_for_its_files(tree: Tree) -> None:
    tree.commit_all()
    tree.write("out.py", "OUT = 1\n")
    blob = tree.git("hash-object", "-w", "out.py")
    (tree.root / "out.py").unlink()
    inner = made_tree(tree, f"100644 blob {blob}\tout.py")
    for _ in range(3):
        inner = made_tree(tree, f"040000 tree {inner}\t..")
    commit = tree.git("commit-tree", "-p", "HEAD", "-m", "out", inner)
    folder = tree.root.parent / "a" / "b"
    folder.mkdir(parents=True)
    written = unpack(find_project(tree.root), f"HEAD..{commit}", folder)
    assert list(written.values()) == ["../../../out.py"]
    assert [one for one in tree.root.parent.rglob("out.py") if not one.is_relative_to(folder)] == []
    assert (folder / next(iter(written))).is_file()


def made_tree(tree: Tree, entry: str) -> str:
    """Make a tree of git's with one entry that no checkout would write."""
    command = ["git", "-C", str(tree.root), "mktree"]
    done = subprocess.run(command, input=entry + "\n", check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_range_that_git_does_not_know_is_an_error(tree: Tree) -> None:
    tree.options["history"] = "origin/none..HEAD"
    with pytest.raises(GitError, match="origin/none"):
        tree.look("S1")


@pytest.mark.parametrize("text", ["--all", "main", "a..b;c", "-x..y", "a..$(id)", "a ..b"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--history"):
        commit_range(text)


def test_without_detect_secrets_s1_is_an_error(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "detect_secrets.core.secrets_collection", None)
    verdict = tree.look("S1")
    assert verdict.status is Status.ERROR
    assert "pip install '.[hipaa]'" in verdict.reason


def test_without_a_database_s4_does_not_apply(tree: Tree) -> None:
    text = (tree.root / APP).read_text()
    tree.write(APP, re.sub(r"  DATABASE_URL: .*\n.*\n  REDIS_URL: .*\n", "", text))
    assert tree.look("S4").status is Status.NOT_APPLICABLE


def test_a_project_without_environments_is_an_error(tree: Tree) -> None:
    tree.write("hipaa.toml", "[environments_left_out]\nproduction = 'gone'\n")
    for check in ("S3", "S4", "S5", "S6", "S8"):
        assert tree.look(check).status is Status.ERROR


def test_an_inventory_that_ansible_cannot_read_is_an_error(tree: Tree) -> None:
    tree.write(APP, "app_name: {{ shop }}\n")
    with pytest.raises(InventoryError, match="app.yml|production"):
        tree.look("S3")


def case(name: str, check: str, *rest: Any) -> Any:
    """Return a test's parameters. S10 has Ansible read playbooks, which takes it a second."""
    marks = [pytest.mark.slow] if check == "S10" else []
    return pytest.param(check, *rest, id=name, marks=marks)


@pytest.mark.parametrize("check", [case(one, one) for one in CHECKS])
def test_a_check_is_green_on_a_clean_tree(tree: Tree, check: str) -> None:
    verdict = tree.look(check)
    assert (verdict.status, verdict.findings) == (Status.PASS, ()), verdict


@pytest.mark.parametrize(
    ("check", "defect", "said"),
    [case(f"{check} {what}", check, defect, said) for check, what, defect, said in DEFECTS],
)
def test_a_seeded_defect_turns_its_check_red(
    tree: Tree, check: str, defect: Defect, said: str
) -> None:
    defect(tree)
    verdict = tree.look(check)
    assert verdict.status is Status.FAIL, verdict
    assert any(said in str(finding) for finding in verdict.findings), verdict.findings


def test_every_check_has_a_seeded_defect() -> None:
    assert {check for check, *_ in DEFECTS} == set(CHECKS)


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        (".github/workflows/ci.yml", "secrets: inherit\n", 0),
        (".github/workflows/ci.yml", "secret: '" + "inherited-7c1d9a'\n", 1),
        ("settings.yml", "secret: inherit\n", 1),
    ],
)
def test_github_s_word_for_handing_secrets_on_is_no_secret(
    path: str, text: str, found: int, tmp_path: Path
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    assert len(scan(tmp_path, [path]).leaks) == found
