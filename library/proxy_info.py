#!/usr/bin/python
"""Ansible module: which servers an edge sends an application's requests to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: proxy_info
short_description: Tell which servers an edge sends requests to
version_added: "0.1.0"
description:
  - Asks HAProxy on an edge what its checks of the application's servers came to. Changes nothing.
options:
  app:
    description: The application's name.
    type: str
    required: true
  proxy_socket:
    description: HAProxy's runtime socket.
    type: path
    default: /run/haproxy/admin.sock
attributes:
  check_mode:
    support: full
    description: The module changes nothing in any mode.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: See where requests go
  proxy_info:
    app: shop
  register: edge
"""

RETURN = r"""
servers:
  description: Each server's name to why it gets no requests, in words; empty where it gets some.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.edge import read_servers
from ansible.module_utils.iadeploy.errors import DeployError


def main() -> None:
    """Read the parameters, ask, answer in Ansible's way."""
    options = {
        "app": {"type": "str", "required": True},
        "proxy_socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    try:
        servers = read_servers(module.params["app"], module.params["proxy_socket"])
    except DeployError as error:
        module.fail_json(msg=str(error), cause=error.cause)
    module.exit_json(changed=False, servers=servers)


if __name__ == "__main__":
    main()
