"""What goes wrong before anything is touched: one clear paragraph, its exit code, no change."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from .operator import Operator
from .site import Site

pytestmark = pytest.mark.rig


@contextmanager
def unharmed(site: Site) -> Iterator[None]:
    """Assert that the block changes nothing on any server, and nothing for users."""
    before = site.snapshot()
    with site.traffic() as traffic:
        yield
    traffic.assert_unharmed({"1.0.0"})
    assert site.snapshot() == before


def edit_hosts(site: Site, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the environment's hosts.yml."""
    path = site.folder / "hosts.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content["all"])
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def hosts(site: Site) -> Iterator[Callable[[Callable[[dict[str, Any]], None]], None]]:
    """Change hosts.yml for one test."""
    path = site.folder / "hosts.yml"
    plain = path.read_text(encoding="utf-8")
    yield lambda change: edit_hosts(site, change)
    path.write_text(plain, encoding="utf-8")


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("registry.rig.internal:5000/tiny:never-pushed", "has pushed it"),
        ("registry.rig.internal:5000/nobody/nothing:1", "has pushed it"),
        ("registry.nowhere.invalid/tiny:1", "this server can reach it"),
    ],
)
def test_image_that_is_not_there(site: Site, image: str, told: str) -> None:
    with unharmed(site):
        said = site.operator.run("deploy", "--image", image)
    assert said.code == 3, said.text
    assert image in said.text
    assert told in said.text


def test_wrong_registry_password(site: Site) -> None:
    wrong = site.fleet.registry.password[::-1]
    site.configure(app_registry_password=wrong)
    with unharmed(site):
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 3, said.text
    assert "app_registry_password" in said.text
    assert wrong not in said.text + said.progress


def test_wrong_ssh_key(site: Site, hosts: Callable[..., None], tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    # Nor may it ride on a connection that another command has left open.
    wrong = {
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_extra_args": "-o ControlPath=none",
    }
    hosts(lambda inventory: inventory["vars"].update(wrong))
    with unharmed(site):
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 3, said.text
    for server in site.servers:
        assert f"{server.name}: it refused the SSH log-in of user 'root'" in said.text, said.text


def test_unreachable_server(site: Site, hosts: Callable[..., None]) -> None:
    def move(inventory: dict[str, Any]) -> None:
        inventory["children"]["app"]["hosts"]["web2"]["ansible_port"] = 2222

    hosts(move)
    with unharmed(site):
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 3, said.text
    assert "web2" in said.text
    assert "nothing listens on its SSH port" in said.text
    told = site.operator.run("history")
    assert (told.code, "web2 cannot be reached; this is what the others" in told.text) == (3, True)
    assert told.report["data"]["history"][0]["hosts"] == ["web1"]


@pytest.mark.parametrize("command", ["deploy", "rollback", "status", "bootstrap", "history"])
def test_unknown_environment_lists_the_known_ones(site: Site, command: str) -> None:
    lost = Operator(site.operator.inventories, "produktion", site.operator.folder)
    arguments = ["--image", "a:b"] if command == "deploy" else []
    said = lost.run(command, *arguments)
    assert said.code == 2
    assert "no environment 'produktion'" in said.text
    assert "shop" in said.text


def test_inventory_without_hosts_file(site: Site) -> None:
    (site.operator.inventories / "empty").mkdir(exist_ok=True)
    said = Operator(site.operator.inventories, "empty", site.operator.folder).run("status")
    assert said.code == 2
    assert "hosts.yml" in said.text


def test_inventory_without_servers(site: Site, hosts: Callable[..., None]) -> None:
    hosts(lambda inventory: inventory["children"].pop("app"))
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 2, said.text
    assert "no server in group app" in said.text


def test_inventory_that_is_no_yaml(site: Site, hosts: Callable[..., None]) -> None:
    del hosts
    path = site.folder / "hosts.yml"
    plain = path.read_text(encoding="utf-8")
    path.write_text("all: [unclosed\n", encoding="utf-8")
    try:
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    finally:
        path.write_text(plain, encoding="utf-8")
    assert said.code == 2, said.text
    assert "hosts.yml" in said.text


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("app_port", "eighty", "app_port"),
        ("app_prot", 8000, "app_prot"),
        ("app_secrets", {"TOKEN": "short"}, "TOKEN"),
        ("app_name", "Shop_1", "app_name"),
        ("app_env", "{{ common_environment }}", "'common_environment' is undefined"),
    ],
)
def test_setting_that_cannot_be(site: Site, setting: str, value: object, told: str) -> None:
    site.configure(**{setting: value})
    with unharmed(site):
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 2, said.text
    assert told in said.text


def test_server_that_was_never_bootstrapped(site: Site) -> None:
    site.configure(app_name="stranger")
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 3, said.text
    assert "iactl bootstrap" in said.text
