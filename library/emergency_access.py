#!/usr/bin/python
"""Ansible module: the record, the watch and the end of an emergency access to a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: emergency_access
short_description: Record an emergency access to a host, watch its time, take it back
version_added: "0.1.0"
description:
  - The role C(access) uses it; account, key and sudo rule are made there, by what V(begun) returns.
  - One host has one emergency access at a time, whatever application it is for. Its end is written
    into the ledger of the application that it was given for, whoever ends it.
options:
  state:
    description:
      - V(begun) validates what is asked for, takes an access with another key back, writes down who
        asks and why, and returns what the account needs.
      - V(open) asks sshd whether it lets the account in, and leaves a process that takes the access
        back when its time is over. It fails where the access was ended or replaced since V(begun).
      - V(ended) takes it back, and ends its sessions.
      - V(tidied) takes back what is left of one whose time is over.
    type: str
    required: true
    choices: [begun, open, ended, tidied]
  app:
    description: The application in whose ledger it is written down.
    type: str
    required: true
  user:
    description: The account; one of its own, which nobody else has.
    type: str
    default: emergency
  home:
    description: The account's home, root's own, so that the account cannot change its keys.
    type: path
    default: /var/lib/iadeploy-access
  public_key:
    description: The SSH public key that may log in; needed for V(begun).
    type: str
    default: ''
  minutes:
    description: How long, 1 to 480.
    type: int
    default: 60
  reason:
    description: Why, 3 to 300 characters on one line; needed for V(begun).
    type: str
    default: ''
  actor:
    description: Who asks for it, or ends it.
    type: str
    default: ''
  state_dir:
    description: Where the host keeps release records.
    type: path
    default: /var/lib/iadeploy
attributes:
  check_mode:
    support: full
    description: Validates, and changes nothing.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Take back what is left of an access whose time is over
  emergency_access:
    state: tidied
    app: shop
"""

RETURN = r"""
access:
  description: The account (C(user)), C(fingerprint) of its key, C(actor), C(reason), C(until), UTC.
  returned: success; empty where there is none
  type: dict
key_line:
  description: The line of the account's authorized_keys.
  returned: O(state=begun)
  type: str
rule:
  description: The line of sudoers.
  returned: O(state=begun)
  type: str
key_file:
  description: Where the key belongs.
  returned: O(state=begun)
  type: str
rule_file:
  description: Where the rule belongs.
  returned: O(state=begun)
  type: str
account_expires:
  description: The day from which the account is none any more, in seconds since 1970.
  returned: O(state=begun)
  type: int
cause:
  description: V(input) for what is not allowed, V(refused) where the host is not fit for it.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.access_actions import ACCESS_OPTIONS, answer


def main() -> None:
    """Read the parameters, do it, answer in Ansible's way."""
    module = AnsibleModule(argument_spec=ACCESS_OPTIONS, supports_check_mode=True)
    result = answer(module.params, module.check_mode)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
