"""What an edge's HAProxy says of the application's servers."""

from __future__ import annotations

import pytest
from iadeploy.edge import LAST_RESORT, servers
from iadeploy.haproxy import parse_statistics

from tests.unit.builders import ROOT

TEMPLATE = ROOT / "roles" / "proxy" / "templates" / "edge.cfg.j2"
# Rows of HAProxy 2.6.12's "show stat", recorded: the columns that are read.
_PROBLEM = "Layer4 connection problem"
_HEADER = "# pxname,svname,status,bck,check_status,check_code,check_desc,\n"
_ROWS = (
    "web,FRONTEND,OPEN,,,,,\n"
    "app_shop,web1,{status},0,{check},{code},{words},\n"
    "app_shop,web1-unchecked,{unchecked},1,,,,\n"
    "app_shop,BACKEND,UP,2,,,,\n"
    "app_other,web1,DOWN,0,L4CON,,Layer4 connection problem,\n"
)


def seen(
    status: str, check: str, code: str = "", unchecked: str = "no check", words: str = _PROBLEM
) -> dict[str, str]:
    facts = {"status": status, "check": check, "code": code, "words": words}
    text = _HEADER + _ROWS.format(**facts, unchecked=unchecked)
    return servers(parse_statistics(text), "app_shop")


@pytest.mark.parametrize(
    ("status", "check", "code", "told"),
    [
        ("UP", "L7OK", "200", ""),
        ("UP 1/2", "L7STS", "503", ""),
        ("UP", "INI", "", ""),
        ("DOWN", "L7STS", "503", "its health path answers 503"),
        ("DOWN 1/2", "* L7STS", "503", "its health path answers 503"),
        ("DOWN", "L7TOUT", "", "its health path does not answer in time"),
        ("DOWN", "L4CON", "", "nothing answers at its port"),
        ("DOWN", "L4TOUT", "", "it does not answer"),
        ("DOWN", "L6RSP", "", "no TLS connection to it comes about"),
        ("DRAIN", "L7OK", "200", "somebody put it into DRAIN by hand"),
        ("DOWN", "SOCKERR", "", "Layer4 connection problem"),
    ],
)
def test_a_server_s_state_is_told_in_words(status: str, check: str, code: str, told: str) -> None:
    assert seen(status, check, code) == {"web1": told}


@pytest.mark.parametrize("unchecked", ["no check", "MAINT"])
def test_a_server_in_maintenance_is_known_though_nothing_checks_it(unchecked: str) -> None:
    told = {"web1": "somebody put it into MAINT by hand"}
    assert seen("MAINT", "", unchecked=unchecked, words="") == told


def test_the_last_resort_is_named_as_the_edge_s_configuration_names_it() -> None:
    twin = f"server {{{{ name }}}}{LAST_RESORT} {{{{ address }}}} backup"
    assert twin in TEMPLATE.read_text(encoding="utf-8")
