#!/usr/bin/python
"""Ansible module: is an application healthy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_check
short_description: Check the health of an application
version_added: "0.1.0"
description:
  - Runs a list of checks at once and reports each one. Fails when one of them fails, with all
    results in the failure. Changes nothing.
  - Response bodies are neither logged nor returned; they may hold personal data.
options:
  checks:
    description: What to check.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the check in results and messages.
        type: str
        required: true
      kind:
        description:
          - V(http) asks O(checks[].url) and judges status and served version.
          - V(container) looks at the state of O(checks[].container).
        type: str
        choices: [http, container]
        default: http
      url:
        description: Address to ask. Required with O(checks[].kind=http).
        type: str
      container:
        description: Name of the container. Required with O(checks[].kind=container).
        type: str
      statuses:
        description: HTTP statuses that mean healthy.
        type: list
        elements: int
        default: [200]
      version:
        description: The version that the JSON answer must report; empty checks none.
        type: str
        default: ''
      host:
        description: Host header of the request; empty for the address.
        type: str
        default: ''
      ca_file:
        description: CA certificates to trust instead of the system's.
        type: path
      timeout:
        description: Seconds for one attempt.
        type: float
        default: 5.0
      retries:
        description: How many further attempts a failing check gets, one second apart.
        type: int
        default: 0
attributes:
  check_mode:
    support: full
    description: The options are validated; nothing is asked.
  diff_mode:
    support: none
    description: The module changes nothing.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Check the shop from outside
  health_check:
    checks:
      - name: health
        url: https://shop.example.com/api/health
        version: 1.4.0
      - name: log-in page
        url: https://shop.example.com/login
        retries: 3
  delegate_to: localhost

- name: Check the container on the server
  health_check:
    checks:
      - name: web
        kind: container
        container: shop-20260301-101500-ab12cd
"""

RETURN = r"""
results:
  description: One result per check, in the order asked for.
  returned: always, except in check mode
  type: list
  elements: dict
  contains:
    name:
      description: The check's name.
      type: str
    healthy:
      description: Whether it passed.
      type: bool
    attempts:
      description: How many attempts were made.
      type: int
    seconds:
      description: How long the last attempt took.
      type: float
    cause:
      description: Why it failed; empty when it passed.
      type: str
    hint:
      description: What to look at; may be empty.
      type: str
    note:
      description: What could not be checked in a good answer; may be empty.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.checks import CHECK_OPTIONS, check_options, run_checks
from ansible.module_utils.iadeploy.errors import DeployError


def main() -> None:
    """Read the parameters, run the checks, answer in Ansible's way."""
    spec = {
        "checks": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": CHECK_OPTIONS,
        }
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        checks = check_options(module.params["checks"])
        if module.check_mode:
            module.exit_json(changed=False)
        results = run_checks(checks)
    except DeployError as error:
        module.fail_json(msg=str(error), cause=error.cause, results=[])
    failed = [f"{one['name']}: {one['cause']}" for one in results if not one["healthy"]]
    if failed:
        count = f"{len(failed)} of {len(results)} health checks failed"
        module.fail_json(msg=f"{count}. {'; '.join(failed)}.", results=results)
    module.exit_json(changed=False, results=results)


if __name__ == "__main__":
    main()
