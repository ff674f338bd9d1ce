#!/usr/bin/python
"""Ansible module: back an application's database up, list the backups, restore one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: app_database
short_description: Back an application's PostgreSQL database up, or restore it
version_added: "0.1.0"
description:
  - Backups are made by C(pg_dump) on this host, proved by restoring them into a scratch database
    and counting every table's rows, and kept in the application's state folder; encrypted where
    O(backup.recipients) names any.
options:
  action:
    description:
      - V(backup) makes and proves one.
      - V(list) tells which are kept.
      - V(restore) makes one, then replaces the database's content by that of O(name), in one
        transaction. Refused while a release is under way.
      - V(note) writes into this host's ledger what another host restored.
    type: str
    required: true
    choices: [backup, list, restore, note]
  app:
    description: The application's name.
    type: str
    required: true
  url:
    description: The database's URL.
    type: str
    default: ''
  name:
    description: The backup to restore.
    type: str
    default: ''
  identity:
    description:
      - The secret key of age that opens O(name), where that is encrypted. It goes to the
        standard input of C(age) and is written nowhere.
    type: str
    default: ''
  first:
    description: Whether a restore makes a backup first; leave it out where none can be made.
    type: bool
    default: true
  restored:
    description: The backup that was restored, as V(restore) returned it; for V(note).
    type: dict
    default: {}
  backup:
    description: How backups are made.
    type: dict
    default: {}
    suboptions:
      wanted:
        description: Whether a migration is preceded by one; of no account here.
        type: bool
        default: false
      keep:
        description: How many backups the host keeps.
        type: int
        default: 5
      timeout:
        description: Seconds for making a backup, for proving it, and for restoring it.
        type: float
        default: 900.0
      scratch_url:
        description: Where a scratch database may be made; empty for the database's server.
        type: str
        default: ''
      recipients:
        description: Public keys of age that a backup is encrypted for; none keeps it as it is.
        type: list
        elements: str
        default: []
  actor:
    description: Who asked for it; for the history.
    type: str
    default: ''
  state_dir:
    description: Where the host keeps release records and backups.
    type: path
    default: /var/lib/iadeploy
attributes:
  check_mode:
    support: full
    description: Lists the backups, and changes nothing.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Make a backup and prove it
  app_database:
    action: backup
    app: shop
    url: "{{ vault_database_url }}"
  no_log: true
"""

RETURN = r"""
backups:
  description: The kept backups, newest first.
  returned: success
  type: list
backup:
  description: The backup that was made.
  returned: actions backup and restore, when one was made
  type: dict
restored:
  description: The backup that was restored.
  returned: action restore
  type: dict
remarks:
  description: What the operator should know of the schema and the serving release.
  returned: action restore
  type: list
cause:
  description: A stable word for the kind of failure, such as V(refused) or V(unavailable).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.database_actions import DATABASE_OPTIONS, answer


def main() -> None:
    """Read the parameters, do it, answer in Ansible's way."""
    module = AnsibleModule(argument_spec=DATABASE_OPTIONS, supports_check_mode=True)
    result = answer(module.params, module.check_mode)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
