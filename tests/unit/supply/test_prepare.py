"""From a job's secrets to a private inventory, and nothing of them anywhere else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from typer.testing import CliRunner, Result

from ci_scripts import cli
from ci_scripts.exits import CommandError, Exit
from ci_scripts.prepare import material
from ci_scripts.prepare.hosts import HostsError, place
from ci_scripts.runner.values import Server
from tests.unit.builders import ROOT

from .keys import DEPLOY, pinned

SENTINEL = "sentinel-c0ffee-4711"
PLAIN = {"app": {"hosts": {"a": {"ansible_host": "old"}}}, "proxy": {"hosts": {"a": None}}}
HOSTS = {"all": {"vars": {"ansible_become": True}, "children": PLAIN}}


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job of GitHub with the secrets of staging; returns where its files are."""
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "APP_SECRET_", "REGISTRY_", "IADEPLOY_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "inventories" / "staging"
    (folder / "group_vars" / "all").mkdir(parents=True)
    (folder / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
    (folder / "group_vars" / "all" / "app.yml").write_text(
        "app_name: shop\napp_secrets:\n  DATABASE_URL: postgresql://db\n  STRIPE_SECRET_KEY: old\n"
    )
    (tmp_path / "runner").mkdir()
    values = {
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_ENV": str(tmp_path / "github-env"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "IADEPLOY_INVENTORIES": str(tmp_path / "inventories"),
        "SSH_PRIVATE_KEY": DEPLOY.private.decode(),
        "SSH_KNOWN_HOSTS": pinned("192.0.2.10"),
        "SERVER_USER": "deploy",
        "STAGING_SERVER_IP": "192.0.2.10",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def prepare(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["ci", "prepare", "staging", "--json", *arguments])


def prepared(job: Path, result: Result) -> Path:
    assert result.exit_code == 0, result.output
    folder = Path(json.loads(result.stdout)["data"]["folder"])
    assert folder == job / "runner" / "iadeploy" / "staging"
    return folder


@cache
def _plugins() -> None:
    init_plugin_loader([])


def variables(inventory: Path, server: str) -> dict[str, Any]:
    """Return what Ansible itself knows of a server, templates rendered."""
    _plugins()
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(inventory)])
    found = VariableManager(loader=loader, inventory=manager).get_vars(
        host=manager.get_host(server), include_hostvars=False
    )
    rendered = Templar(loader=loader, variables=found).template(found)
    assert isinstance(rendered, dict)
    return rendered


def test_ansible_gets_address_user_key_and_pinned_host_keys(job: Path) -> None:
    folder = prepared(job, prepare())
    known = variables(folder / "inventories" / "staging", "a")
    assert known["ansible_host"] == "192.0.2.10"
    assert (known["ansible_user"], known["ansible_become"]) == ("deploy", True)
    assert Path(known["ansible_ssh_private_key_file"]).read_bytes() == DEPLOY.private
    options = known["ansible_ssh_common_args"]
    assert f"UserKnownHostsFile={folder}/known_hosts" in options
    assert "StrictHostKeyChecking=yes" in options
    assert (folder / "known_hosts").read_text() == pinned("192.0.2.10")


def test_later_steps_find_the_inventory(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD", SENTINEL)
    folder = prepared(job, prepare())
    assert (job / "github-env").read_text() == (
        f"IADEPLOY_INVENTORIES={folder}/inventories\n"
        f"ANSIBLE_VAULT_PASSWORD_FILE={folder}/vault_password\n"
    )
    assert (folder / "vault_password").read_text() == f"{SENTINEL}\n"


def test_only_this_user_can_read_what_was_written(job: Path) -> None:
    folder = prepared(job, prepare())
    for path in (folder.parent, folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for name in ("key", "known_hosts"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_the_application_s_secrets_join_the_inventory_s_by_reference(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", f"{SENTINEL} {{{{ 7 * 7 }}}}\n")
    monkeypatch.setenv("APP_SECRET_DATABASE_URL", f"postgresql://{SENTINEL}@db/shop")
    monkeypatch.setenv("ANTHROPIC_API_KEY", f"{SENTINEL}-3")
    monkeypatch.setenv("REGISTRY_USERNAME", "robot")
    monkeypatch.setenv("REGISTRY_PASSWORD", f"{SENTINEL}-4")
    folder = prepared(job, prepare())
    known = variables(folder / "inventories" / "staging", "a")
    assert set(known["app_secrets"]) == {"DATABASE_URL", "STRIPE_SECRET_KEY"}
    assert known["ci_app_secrets"] == {
        "ANTHROPIC_API_KEY": f"{SENTINEL}-3",
        "DATABASE_URL": f"postgresql://{SENTINEL}@db/shop",
        "STRIPE_SECRET_KEY": f"{SENTINEL} {{{{ 7 * 7 }}}}",
    }
    assert known["app_registry_password"] == f"{SENTINEL}-4"
    for path in (folder / "inventories").rglob("*"):
        assert not path.is_file() or SENTINEL not in path.read_text(), path


def test_encrypted_secrets_stay_as_they_are(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = job / "inventories" / "staging" / "group_vars" / "all" / "vault.yml"
    file.write_text("$ANSIBLE_VAULT;1.1;AES256\n3132\n")
    monkeypatch.setenv("ANTHROPIC_API_KEY", SENTINEL)
    folder = prepared(job, prepare()) / "inventories" / "staging"
    assert (folder / "group_vars/all/vault.yml").read_text() == file.read_text()
    own = yaml.safe_load((folder / "host_vars/a/zz_ci.yml").read_text())
    assert set(own["ci_app_secrets"]) == {"ANTHROPIC_API_KEY"}
    assert "app_secrets" not in own


@pytest.mark.parametrize("role", ["release", "database"])
def test_roles_join_them_with_the_inventory_s(role: str) -> None:
    known = {"app_name": "shop", "app_secrets": dict.fromkeys(("KEPT", "DATABASE_URL"), "own")}
    given = {"ci_app_secrets": {"DATABASE_URL": "the job's"}}
    values = Server("a", {**known, **given}).role(ROOT / "roles" / role)
    assert (
        values.value("release_database_url" if role == "release" else "database_url") == "the job's"
    )
    if role == "release":
        assert values.value("release_secrets") == {"KEPT": "own", "DATABASE_URL": "the job's"}


def test_a_server_s_own_variables_stay(job: Path) -> None:
    own = job / "inventories" / "staging" / "host_vars"
    own.mkdir()
    (own / "a.yml").write_text("app_bake_seconds: 7\nansible_host: old\n")
    folder = prepared(job, prepare())
    known = variables(folder / "inventories" / "staging", "a")
    assert (known["app_bake_seconds"], known["ansible_host"]) == (7, "192.0.2.10")


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.10,192.0.2.11",
        "192.0.2.10, 192.0.2.11",
        "192.0.2.10\n192.0.2.11\n",
        " 192.0.2.10 ; 192.0.2.11 ",
    ],
)
def test_one_secret_holds_several_addresses(
    job: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("STAGING_SERVER_IP", text)
    monkeypatch.setenv("SSH_KNOWN_HOSTS", pinned("192.0.2.10,192.0.2.11"))
    folder = prepared(job, prepare()) / "inventories" / "staging"
    for number in (1, 2):
        known = variables(folder, f"staging-{number}")
        assert known["ansible_host"] == f"192.0.2.{number + 9}"
        assert known["group_names"] == ["app", "proxy"]


def test_an_ipv6_address_is_an_address(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGING_SERVER_IP", "2001:db8::5")
    monkeypatch.setenv("SSH_KNOWN_HOSTS", pinned("2001:db8::5"))
    folder = prepared(job, prepare())
    assert variables(folder / "inventories" / "staging", "a")["ansible_host"] == "2001:db8::5"


BAD = {
    "no key": ({"SSH_PRIVATE_KEY": ""}, "Not set here: SSH_PRIVATE_KEY"),
    "no host keys": ({"SSH_KNOWN_HOSTS": ""}, "Not set here: SSH_KNOWN_HOSTS"),
    "no address": ({"STAGING_SERVER_IP": ""}, "Not set here: STAGING_SERVER_IP"),
    "empty address": ({"STAGING_SERVER_IP": " , "}, "holds no address"),
    "broken key": ({"SSH_PRIVATE_KEY": SENTINEL}, "SSH_PRIVATE_KEY is no private key"),
    "cut key": (
        {"SSH_PRIVATE_KEY": DEPLOY.private.decode().replace("b3BlbnNza", "b3BlbnNzb")},
        "no private key that ssh reads",
    ),
    "unpinned": ({"SSH_KNOWN_HOSTS": pinned("192.0.2.99")}, "has no key for address 1 of 1"),
    "broken host keys": ({"SSH_KNOWN_HOSTS": SENTINEL}, "is wrong in line 1"),
    "option": ({"STAGING_SERVER_IP": "-oProxyCommand=id"}, "is no address"),
    "port": ({"STAGING_SERVER_IP": "192.0.2.10:22"}, "is no address"),
    "template": ({"STAGING_SERVER_IP": "{{7*7}}"}, "is no address"),
    "half an address": ({"STAGING_SERVER_IP": "192.0.2"}, "is no address"),
    "zone": ({"STAGING_SERVER_IP": "fe80::1%eth0"}, "is no address"),
    "twice": ({"STAGING_SERVER_IP": "192.0.2.10 192.0.2.10"}, "an address twice"),
    "user": ({"SERVER_USER": "deploy -o x"}, "SERVER_USER is no log-in name"),
    "short": ({"ANTHROPIC_API_KEY": "abc"}, "ANTHROPIC_API_KEY is shorter than 8"),
    "name": ({"APP_SECRET_a-b": SENTINEL}, "names no secret"),
    "half a log-in": ({"REGISTRY_PASSWORD": SENTINEL}, "one is not set"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named_and_never_shown(
    job: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    changed, said = BAD[case]
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    result = prepare()
    assert (result.exit_code, said in result.output) == (Exit.BAD_INPUT, True), result.output
    for value in filter(lambda one: len(one) > 7, changed.values()):
        assert value.strip() not in result.output
    assert not list((job / "runner").rglob("*key*")), "something was left behind"


@pytest.mark.parametrize(
    ("document", "addresses", "expected"),
    [
        (HOSTS, ["x"], {"a": "x"}),
        (HOSTS, ["x", "y"], {"e-1": "x", "e-2": "y"}),
        ({"app": {"hosts": {"b": {"rank": 1}, "a": {}}}}, ["x", "y"], {"b": "x", "a": "y"}),
    ],
)
def test_addresses_go_to_the_servers_in_their_order(
    document: Any, addresses: list[str], expected: dict[str, str]
) -> None:
    assert place(document, addresses, "e").addresses == expected


def test_servers_of_other_groups_keep_their_address() -> None:
    document = {"app": {"hosts": {"a": None}}, "database": {"hosts": {"d": {"ansible_host": "z"}}}}
    placed = place(document, ["x"], "e")
    assert (placed.addresses, placed.others, placed.document) == ({"a": "x"}, ("d",), document)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"app": {"hosts": {"a": {"rank": 1}}}}, "says more of them"),
        ({"app": {"hosts": {"a": None}}, "proxy": {"hosts": {"b": None}}}, "says more of them"),
        ({"web": {"hosts": {"a": None}}}, "no server in the group app"),
        (["app"], "no YAML inventory"),
    ],
)
def test_servers_that_do_not_fit_the_addresses_are_refused(document: Any, said: str) -> None:
    with pytest.raises(HostsError, match=said):
        place(document, ["x", "y"], "e")


def test_a_second_time_replaces_the_first(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SENTINEL)
    folder = prepared(job, prepare())
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert prepared(job, prepare()) == folder
    assert not (folder / "secrets").exists()
    monkeypatch.setenv("IADEPLOY_INVENTORIES", str(folder / "inventories"))
    assert "unset IADEPLOY_INVENTORIES" in prepare().output


def test_clean_removes_one_environment_or_all(job: Path) -> None:
    folder = prepared(job, prepare())
    (folder.parent / ".staging~killed").mkdir()
    (folder.parent / "production").mkdir()
    runner = CliRunner()
    assert runner.invoke(cli.app, ["ci", "clean", "staging"]).exit_code == 0
    assert [one.name for one in folder.parent.iterdir()] == ["production"]
    assert runner.invoke(cli.app, ["ci", "clean"]).exit_code == 0
    assert not folder.parent.exists()


def test_a_folder_that_somebody_else_put_there_is_not_used(job: Path) -> None:
    (job / "elsewhere").mkdir()
    (job / "runner" / "iadeploy").symlink_to(job / "elsewhere")
    result = prepare()
    assert (result.exit_code, "not this user's own" in result.output) == (Exit.BAD_INPUT, True)
    assert not list((job / "elsewhere").iterdir())


def test_no_secret_is_shown_in_a_process_list_or_on_an_output(job: Path) -> None:
    environ = {**os.environ, "ANTHROPIC_API_KEY": SENTINEL, "ANSIBLE_VAULT_PASSWORD": SENTINEL}
    code = "import sys; from ci_scripts.cli import main; sys.argv[0] = 'iactl'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "ci", "prepare", "staging"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SENTINEL not in done.stdout + done.stderr + (job / "github-env").read_text()


def test_line_ends_of_windows_do_no_harm() -> None:
    key = DEPLOY.private.decode()
    assert material.private_key(key.replace("\n", "\r\n").strip()) == key
    with pytest.raises(CommandError):
        material.private_key(key.replace("\n", " "))


# The old expression tried every way to cut a name into labels: each of these took it for ever.
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "ec2-3-120-5-7.eu-central-1.compute.amazonaws.com:22",
        "shop-production-frankfurt-1.internal_network.example.com",
        "a" * 252 + "_",
        "a." * 126 + "-",
    ],
)
def test_a_long_name_that_is_none_is_refused_at_once(text: str) -> None:
    with pytest.raises(CommandError, match="number 1 is no address"):
        material.addresses("STAGING_SERVER_IP", text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ec2-3-120-5-7.eu-central-1.compute.amazonaws.com", True),
        ("Web1", True),
        ("x.example.com", True),
        (".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 61)), True),
        (".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 62)), False),
        ("a" * 64, False),
        ("web1-", False),
        ("-web1", False),
        ("web1-.example.com", False),
        ("web1..example.com", False),
        ("web1.example.com.", False),
        ("web1.example.com\n", True),
    ],
)
def test_which_names_are_host_names(text: str, good: bool) -> None:
    if good:
        assert material.addresses("STAGING_SERVER_IP", text) == [text.strip()]
    else:
        with pytest.raises(CommandError, match="is no address"):
            material.addresses("STAGING_SERVER_IP", text)
