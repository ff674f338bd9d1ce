"""Each check of a source: green on the clean tree, red with a defect that was put in."""

from __future__ import annotations

import json

import pytest

from ci_scripts.hipaa.source import s07_verification
from ci_scripts.hipaa.source.checks import CHECKS
from ci_scripts.hipaa.verdict import Status
from tests.unit.hipaa.tree import APP, HOSTS, Defect, Tree


def change(path: str, old: str, new: str) -> Defect:
    return lambda tree: tree.change(path, old, new)


def write(path: str, text: str) -> Defect:
    return lambda tree: tree.write(path, text)


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
    (tree.evidence / "bandit-report.json").write_text(json.dumps({"results": [one]}))


DEFECTS += [("S7", "what bandit found", bandit_says, "src/a.py:3: bandit B324: md5")]


def test_every_pattern_of_s7_has_a_line_that_it_finds() -> None:
    assert set(SWITCHED_OFF) == set(s07_verification.PATTERNS)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_is_green_on_a_clean_tree(tree: Tree, check: str) -> None:
    verdict = tree.look(check)
    assert (verdict.status, verdict.findings) == (Status.PASS, ()), verdict


@pytest.mark.parametrize(
    ("check", "defect", "said"),
    [(check, defect, said) for check, _, defect, said in DEFECTS],
    ids=[f"{check} {what}" for check, what, _, _ in DEFECTS],
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
