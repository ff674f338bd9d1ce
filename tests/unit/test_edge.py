"""What an edge's HAProxy says of the application's servers."""

from __future__ import annotations

import pytest
from iadeploy.edge import servers
from iadeploy.haproxy import parse_statistics

# Rows of HAProxy 2.6.12's "show stat", recorded: the columns that are read.
_HEADER = "# pxname,svname,status,bck,check_status,check_code,check_desc,\n"
_ROWS = (
    "web,FRONTEND,OPEN,,,,,\n"
    "app_shop,web1,{status},0,{check},{code},Layer4 connection problem,\n"
    "app_shop,web1-unchecked,no check,1,,,,\n"
    "app_shop,BACKEND,UP,2,,,,\n"
    "app_other,web1,DOWN,0,L4CON,,Layer4 connection problem,\n"
)


def seen(status: str, check: str, code: str = "") -> dict[str, str]:
    text = _HEADER + _ROWS.format(status=status, check=check, code=code)
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
        ("MAINT", "L7OK", "200", "somebody put it into MAINT by hand"),
        ("DOWN", "SOCKERR", "", "Layer4 connection problem"),
    ],
)
def test_a_server_s_state_is_told_in_words(status: str, check: str, code: str, told: str) -> None:
    assert seen(status, check, code) == {"web1": told}
