#!/usr/bin/python
"""Ansible module: read and set which slot the proxy sends requests to, as a release does."""

from __future__ import annotations

DOCUMENTATION = r"""
module: proxy_slots
short_description: Read and set which slot the proxy sends requests to
description:
  - Uses the runtime socket and the state file as a release does.
options:
  app:
    description: The application's name.
    type: str
    required: true
  serve:
    description: Slot that gets new requests; empty changes nothing.
    type: str
    choices: ["", blue, green]
    default: ""
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Send new requests to slot green
  proxy_slots:
    app: shop
    serve: green
"""

RETURN = r"""
states:
  description: State of each slot, V(ready), V(drain) or V(maint).
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.errors import DeployError
from ansible.module_utils.iadeploy.haproxy import Proxy
from ansible.module_utils.iadeploy.options import HOST_OPTIONS
from ansible.module_utils.iadeploy.slots import SLOTS

OPTIONS = {
    "app": {"type": "str", "required": True},
    "serve": {"type": "str", "choices": ["", *SLOTS], "default": ""},
}


def main() -> None:
    """Set the slot when one is given, and answer with the states."""
    module = AnsibleModule(argument_spec=OPTIONS)
    paths = [HOST_OPTIONS[name]["default"] for name in ("proxy_socket", "proxy_state_file")]
    proxy = Proxy(f"app_{module.params['app']}", *paths)
    slot = module.params["serve"]
    try:
        if slot:
            proxy.serve(slot)
        module.exit_json(changed=bool(slot), states=proxy.states())
    except DeployError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
