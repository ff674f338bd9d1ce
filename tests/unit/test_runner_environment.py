"""The environment that Ansible gets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_scripts.exits import CommandError, Exit
from ci_scripts.runner.environment import scrubbed, vault_password

CONTENT = Path("/content")
TOKEN = "sentinel-token-value"
SECRETS = (
    "GITHUB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "SLACK_WEBHOOK_URL",
    "SENDGRID_API_KEY",
    "VAULT_TOKEN",
    "ANSIBLE_VAULT_PASSWORD",
    "ANSIBLE_BECOME_PASSWORD",
    "PYTHONPATH",
    "LD_PRELOAD",
    "HTTP_PROXY",
    "ANSIBLE_CALLBACK_PLUGINS",
    "ANSIBLE_LOG_PATH",
    "XIADEPLOY_TOKEN",
    "path",
)
PASSED = ("HOME", "USER", "LANG", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "ANSIBLE_VAULT_PASSWORD_FILE")


@pytest.mark.parametrize("name", SECRETS)
def test_what_lies_around_does_not_reach_ansible(name: str) -> None:
    assert TOKEN not in str(scrubbed({name: TOKEN, "PATH": "/bin"}, CONTENT))


_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,25}", fullmatch=True)


@given(
    _NAMES.filter(lambda name: not name.startswith("IADEPLOY_") and name not in (*PASSED, "PATH"))
)
def test_no_variable_passes_that_is_not_on_the_short_list(name: str) -> None:
    known = ("LOGNAME", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "REQUESTS_CA_BUNDLE")
    try:
        passed = TOKEN in str(scrubbed({name: TOKEN}, CONTENT))
    except CommandError:
        return
    assert not passed or name in known or name == "ANSIBLE_VAULT_IDENTITY_LIST"


@pytest.mark.parametrize("name", [*PASSED, "IADEPLOY_REGISTRY_PASSWORD"])
def test_what_ansible_and_inventories_need_passes(name: str) -> None:
    assert scrubbed({name: "kept"}, CONTENT)[name] == "kept"


def test_a_vault_s_password_becomes_a_file_that_only_this_user_reads(tmp_path: Path) -> None:
    given_on = vault_password({"ANSIBLE_VAULT_PASSWORD": f"{TOKEN}\n"}, tmp_path)
    name, path = next(iter(given_on.items()))
    assert name == "ANSIBLE_VAULT_PASSWORD_FILE"
    assert Path(path).read_text(encoding="utf-8") == f"{TOKEN}\n"
    assert Path(path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"ANSIBLE_VAULT_PASSWORD": "\n"},
        {"ANSIBLE_VAULT_PASSWORD": TOKEN, "ANSIBLE_VAULT_PASSWORD_FILE": "/own"},
    ],
)
def test_without_a_password_or_beside_a_file_none_is_written(
    environ: dict[str, str], tmp_path: Path
) -> None:
    assert vault_password(environ, tmp_path) == {}
    assert not list(tmp_path.iterdir())


def test_the_interpreter_s_folder_comes_first_in_the_path() -> None:
    beside = str(Path(sys.executable).parent)
    assert scrubbed({"PATH": "/bin"}, CONTENT)["PATH"] == f"{beside}{os.pathsep}/bin"
    assert scrubbed({}, CONTENT)["PATH"] == beside


def test_host_keys_are_checked_and_the_product_s_configuration_rules_whatever_is_set() -> None:
    hostile = {
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_CONFIG": "/tmp/evil.cfg",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "0",
    }
    given_on = scrubbed(hostile, CONTENT)
    assert given_on["ANSIBLE_HOST_KEY_CHECKING"] == "True"
    assert given_on["ANSIBLE_CONFIG"] == "/content/ansible.cfg"
    assert given_on["ANSIBLE_INVENTORY_UNPARSED_FAILED"] == "1"


@pytest.mark.parametrize("name", ["ANSIBLE_DEBUG", "ANSIBLE_KEEP_REMOTE_FILES"])
@pytest.mark.parametrize("value", ["1", "true", "True", "yes", "on", "2", " ", "anything"])
def test_a_switch_under_which_ansible_leaks_is_refused(name: str, value: str) -> None:
    with pytest.raises(CommandError) as caught:
        scrubbed({name: value}, CONTENT)
    assert caught.value.code is Exit.BAD_INPUT
    assert name in caught.value.what and caught.value.next_step == f"Unset it: unset {name}."


@pytest.mark.parametrize("value", ["", "0", "false", "False", "no", "off", "OFF"])
def test_the_same_switch_turned_off_is_fine(value: str) -> None:
    assert "ANSIBLE_DEBUG" not in scrubbed({"ANSIBLE_DEBUG": value}, CONTENT)
