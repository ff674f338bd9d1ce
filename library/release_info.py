#!/usr/bin/python
"""Ansible module: what really runs of an application on one host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Tell which release of an application really runs on a host
version_added: "0.1.0"
description:
  - Asks the proxy and the Docker Engine, not files, and compares what they say with the
    records that releases left behind. Changes nothing.
options:
  app:
    description: The application's name.
    type: str
    required: true
  history:
    description: How many of the latest history entries to return.
    type: int
    default: 0
  first:
    description: Whether this host runs the processes of which the fleet has one.
    type: bool
    default: false
  state_dir:
    description: Where the host keeps release records.
    type: path
    default: /var/lib/iadeploy
  network:
    description: Docker network of all slots.
    type: str
    default: iadeploy
  addresses:
    description: IPv4 address of each slot, keys V(blue) and V(green).
    type: dict
    required: true
  proxy_socket:
    description: HAProxy's runtime socket.
    type: path
    default: /run/haproxy/admin.sock
  proxy_state_file:
    description: File that HAProxy loads server states from when it starts.
    type: path
    default: /var/lib/haproxy/iadeploy.state
  engine_timeout:
    description: Seconds without a word from the Docker Engine or its registry that are waited.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: The module changes nothing in any mode.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: See what runs
  release_info:
    app: shop
    addresses: {blue: 172.30.250.10, green: 172.30.250.11}
  register: shop
"""

RETURN = r"""
serving:
  description: Slot, container, state, release and digest that users reach; null for nothing.
  returned: success
  type: dict
release:
  description: The record of the serving release; null when there is none.
  returned: success
  type: dict
processes:
  description:
    - Of each process of the serving release its name, C(per), and how many are wanted and running
      on this host.
  returned: success
  type: list
  elements: dict
problems:
  description: What differs from a host at rest, one sentence each.
  returned: success
  type: list
  elements: str
releases:
  description: The kept releases, oldest first.
  returned: success
  type: list
  elements: dict
interrupted:
  description: The step that was begun and has not ended; C(lease) tells whether its run lives.
  returned: success
  type: dict
lease:
  description: The last run that this host obeyed, see M(deploy_lock); null when there was none.
  returned: success
  type: dict
emergency_access:
  description: Account, key, until when, who asked for it and why, see M(emergency_access); C(over)
    when only its remains are there, null for none.
  returned: success
  type: dict
ledger:
  description:
    - How many records the host's ledger has (C(length)), the hash of the last one (C(head)), and
      the first record that is not as it was written (C(problem), empty for none).
  returned: success
  type: dict
history:
  description: What became of the latest releases, oldest first, from the ledger.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.arguments import build_host
from ansible.module_utils.iadeploy.errors import DeployError
from ansible.module_utils.iadeploy.inspection import inspect_host
from ansible.module_utils.iadeploy.options import HOST_OPTIONS


def main() -> None:
    """Read the parameters, look, answer in Ansible's way."""
    options: dict[str, Any] = {
        **HOST_OPTIONS,
        "history": {"type": "int", "default": 0},
        "first": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    try:
        host, asked = build_host(module.params), module.params
        result = inspect_host(host, asked["history"], first=asked["first"])
    except DeployError as error:
        module.fail_json(msg=str(error), cause=error.cause, ok=False)
    module.exit_json(changed=False, ok=True, **result)


if __name__ == "__main__":
    main()
