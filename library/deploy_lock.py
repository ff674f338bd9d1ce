#!/usr/bin/python
"""Ansible module: the lease under which releases of an application change a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deploy_lock
short_description: Tell who holds the lock of an application, or take it away
version_added: "0.1.0"
description:
  - A run that changes an application holds a lease on every host that it has reached. This module
    reads it, or bars the run that holds it from every further change on this host.
  - The module M(app_release) takes and renews the lease; this one is for the case that its run
    has died. To take a lock away, read it on all hosts first, then bar the run on all hosts.
options:
  app:
    description: The application's name.
    type: str
    required: true
  state:
    description:
      - V(read) tells what this host knows and changes nothing.
      - V(barred) refuses every further change by O(run) on this host.
    type: str
    choices: [read, barred]
    default: read
  run:
    description: Id of the run to bar; required with O(state=barred).
    type: str
  actor:
    description: Who asks for it; kept in the host's ledger when a run is barred.
    type: str
    default: ""
  force:
    description: Whether also a run that was heard of within its lease is barred.
    type: bool
    default: false
  state_dir:
    description: Where the host keeps release records.
    type: path
    default: /var/lib/iadeploy
attributes:
  check_mode:
    support: full
    description: Tells whether the run would be barred, and bars nothing.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Ask who holds the lock
  deploy_lock:
    app: shop
  register: lock

- name: Take it away from a run that has died
  deploy_lock:
    app: shop
    state: barred
    run: 20260301-101500-ab12cd
"""

RETURN = r"""
lease:
  description:
    - The last run that this host obeyed (C(run), C(owner), C(url)), since when (C(since)), its
      number (C(fence)), whether it has let go (C(held)), whether it must be expected to go on
      (C(alive)), the seconds since its last sign of life (C(silent)) of those that it may be
      silent (C(seconds)), and the last run that may change nothing any more (C(barred)).
    - Null when no run was ever here.
  returned: success
  type: dict
cause:
  description: V(locked) when the run lives, V(refused) when the host was never bootstrapped.
  returned: failure
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.errors import DeployError
from ansible.module_utils.iadeploy.rules import check_name
from ansible.module_utils.iadeploy.store import Store

OPTIONS: dict[str, Any] = {
    "app": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["read", "barred"], "default": "read"},
    "run": {"type": "str"},
    "actor": {"type": "str", "default": ""},
    "force": {"type": "bool", "default": False},
    "state_dir": {"type": "path", "default": "/var/lib/iadeploy"},
}


def main() -> None:
    """Read the parameters, look or bar, answer in Ansible's way."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        supports_check_mode=True,
        required_if=[("state", "barred", ["run"])],
    )
    try:
        result = _answer(module.params, module.check_mode)
    except DeployError as error:
        module.fail_json(msg=str(error), cause=error.cause, ok=False, **error.evidence)
    module.exit_json(ok=True, **result)


def _answer(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    store = Store(params["state_dir"], check_name(params["app"], "app"))
    file = store.lease
    lease, run = file.read(), params["run"]
    wanted = params["state"] == "barred" and (lease is None or lease.barred != run)
    if wanted and not check_mode:
        file.bar(run, force=params["force"])
        store.tell("unlock", "barred", run=run, actor=params["actor"])
        lease = file.read()
    return {"changed": wanted, "lease": lease.to_json() if lease else None}


if __name__ == "__main__":
    main()
