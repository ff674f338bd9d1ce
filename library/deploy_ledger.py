#!/usr/bin/python
"""Ansible module: the record of what was done to an application on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deploy_ledger
short_description: Read the ledger of an application, or acknowledge that it is broken
version_added: "0.1.0"
description:
  - The ledger is written by M(app_release) and M(app_database). Each record holds the hash of the
    one before it, so that a record that is edited or removed shows.
  - A deploy is refused on a host whose ledger is broken, until that was acknowledged.
options:
  app:
    description: The application's name.
    type: str
    required: true
  state:
    description:
      - V(read) returns the file and changes nothing.
      - V(acknowledged) appends a record of what is wrong, who knows of it and why it may go on.
        Nothing is mended, and every further change of what stands before it shows again.
    type: str
    choices: [read, acknowledged]
    default: read
  reason:
    description: Why deploys may go on; required with O(state=acknowledged).
    type: str
  actor:
    description: Who acknowledges it.
    type: str
    default: ''
  state_dir:
    description: Where the host keeps release records.
    type: path
    default: /var/lib/iadeploy
attributes:
  check_mode:
    support: full
    description: Tells whether there is something to acknowledge, and writes nothing.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Fetch the record
  deploy_ledger:
    app: shop
  register: ledger

- name: Let deploys go on
  deploy_ledger:
    app: shop
    state: acknowledged
    actor: ops
    reason: record 7 was edited while we looked into incident 4711
"""

RETURN = r"""
ledger:
  description: Number of records (C(length)), hash of the last one (C(head)), the first thing that
    is wrong (C(problem)) and what was wrong before it was acknowledged (C(acknowledged)).
  returned: success
  type: dict
content:
  description: The file as it is, in Base64.
  returned: O(state=read)
  type: str
acknowledged:
  description: What was wrong; empty when nothing was.
  returned: O(state=acknowledged)
  type: str
cause:
  description: V(locked) while a run changes the application, V(refused) without a bootstrap.
  returned: failure
  type: str
"""

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.errors import DeployError
from ansible.module_utils.iadeploy.ledger import Ledger, read_ledger
from ansible.module_utils.iadeploy.rules import check_name
from ansible.module_utils.iadeploy.store import Store

OPTIONS: dict[str, Any] = {
    "app": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["read", "acknowledged"], "default": "read"},
    "reason": {"type": "str"},
    "actor": {"type": "str", "default": ""},
    "state_dir": {"type": "path", "default": "/var/lib/iadeploy"},
}


def main() -> None:
    """Read the parameters, look or acknowledge, answer in Ansible's way."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        supports_check_mode=True,
        required_if=[("state", "acknowledged", ["reason"])],
    )
    try:
        store = Store(module.params["state_dir"], check_name(module.params["app"], "app"))
        result = _answer(store, module.params, module.check_mode)
    except DeployError as error:
        module.fail_json(msg=str(error), cause=error.cause)
    module.exit_json(**result)


def _answer(store: Store, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    if params["state"] == "read":
        there = store.ledger_file.exists()
        content = store.ledger_file.read_bytes() if there else b""
        told = {"content": b64encode(content).decode(), "changed": False}
        return {"ledger": _facts(_parsed(content)), **told}
    if check_mode:
        problem = store.ledger().problem
    else:
        with store.exclusive():
            problem = store.acknowledge(params["actor"], params["reason"])
    told = {"acknowledged": problem, "changed": bool(problem)}
    return {"ledger": _facts(store.ledger()), **told}


def _parsed(content: bytes) -> Ledger:
    """Return what a ledger held when it was read, whatever is appended to the file meanwhile.

    A copy must hold the record that its head names, and no lock may be waited for: runs that hang
    are what ledgers are looked into for.
    """
    with os.fdopen(os.memfd_create("ledger"), "wb") as copy:
        copy.write(content)
        copy.flush()
        return read_ledger(Path(f"/proc/self/fd/{copy.fileno()}"))


def _facts(ledger: Ledger) -> dict[str, Any]:
    told = ("length", "head", "problem", "acknowledged")
    return {name: getattr(ledger, name) for name in told}


if __name__ == "__main__":
    main()
