#!/usr/bin/python
"""Ansible module: tell people and programs what became of a deploy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: notify
short_description: Tell Slack, e-mail and a signed webhook about a deploy
version_added: "0.2.0"
description:
  - Sends one event to every channel that is set up, to all of them at once. Runs where it can reach
    them, usually with C(delegate_to=localhost).
  - A channel that is down, slow or refuses never fails the task unless O(required) is set. The
    result then says RV(degraded=true), RV(channels) says why, and Ansible shows a warning.
  - Text from outside (commit messages, names, reasons) is shown literally; it can neither mention
    nor link nor format. Container logs and health bodies have no option here, on purpose.
  - Addresses, keys and answers of the other side are in no result, log or message.
requirements:
  - slack-sdk, for O(slack)
  - sendgrid, for O(email) without O(email.smtp)
  - requests, for O(webhook)
notes:
  - An event may be a task in any play; nothing else of this project is needed.
  - In a playbook write C(ansible.legacy.notify), because C(notify) alone is Ansible's keyword for
    handlers.
options:
  event:
    description:
      - What happened.
      - V(test) is a message that says that it is one; it goes to every channel, whatever its
        C(events) are.
    type: str
    required: true
    choices: [started, succeeded, failed, rolled_back, cancelled, needs_human, health_alert,
      scan_findings, test]
  message:
    description: What happened, in one or two sentences.
    type: str
    default: ''
  environment:
    description: Where it happened, such as V(production).
    type: str
    default: ''
  app:
    description: The application's name.
    type: str
    default: ''
  version:
    description: The new version.
    type: str
    default: ''
  previous_version:
    description: The version before.
    type: str
    default: ''
  compare_url:
    description: Page that shows the difference between the two versions.
    type: str
    default: ''
  commit:
    description: The commit's hash; 12 characters are shown.
    type: str
    default: ''
  commit_message:
    description: The commit's message; its first line is shown.
    type: str
    default: ''
  actor:
    description: Who asked for it.
    type: str
    default: ''
  approver:
    description: Who agreed to it.
    type: str
    default: ''
  duration:
    description: Seconds that it took. Without it, the time since O(receipt) is shown.
    type: float
  hosts_ok:
    description: Servers where it went well; shown together with O(hosts_total).
    type: int
  hosts_total:
    description: Servers that took part.
    type: int
  health:
    description: Summary of the health checks. Never an answer's body; it may hold personal data.
    type: str
    default: ''
  failed_requests:
    description: Users' requests that failed meanwhile.
    type: int
  run_url:
    description: Page of the CI run.
    type: str
    default: ''
  ledger_head:
    description: Hash of the last record of the audit ledger; 16 characters are shown.
    type: str
    default: ''
  next_step:
    description: What to do now.
    type: str
    default: ''
  release:
    description: The release's id. E-mails with the same one appear as one conversation.
    type: str
    default: ''
  slack:
    description: Slack. Off without O(slack.webhook_url) and O(slack.bot_token).
    type: dict
    default: {}
    suboptions:
      webhook_url:
        description: Incoming webhook. It is a credential; keep it in a vault.
        type: str
        default: ''
      bot_token:
        description:
          - Token with the scope C(chat:write). Used instead of the webhook when both are given.
          - One message per deploy is then updated in place (see O(receipt)), with details in its
            thread.
        type: str
        default: ''
      channel:
        description: Channel for the bot, by name or id. Required with O(slack.bot_token).
        type: str
        default: ''
      api_url:
        description: Address of Slack's web API; another one for GovSlack.
        type: str
        default: https://slack.com/api/
      events:
        description: Events that are sent here; all when left out.
        type: list
        elements: str
        choices: [started, succeeded, failed, rolled_back, cancelled, needs_human, health_alert,
          scan_findings]
  email:
    description: E-mail. Off without O(email.sendgrid_api_key) and O(email.smtp.host).
    type: dict
    default: {}
    suboptions:
      to:
        description: Recipients, at most 50 plain addresses.
        type: list
        elements: str
        default: []
      sender:
        description: Sender's plain address; the service must allow it.
        type: str
        default: ''
      sendgrid_api_key:
        description: SendGrid key that may send mail.
        type: str
        default: ''
      sendgrid_api_url:
        description: Address of SendGrid's API; V(https://api.eu.sendgrid.com) for the EU.
        type: str
        default: https://api.sendgrid.com
      smtp:
        description: SMTP server. Used instead of SendGrid when both are given.
        type: dict
        default: {}
        suboptions:
          host:
            description: Name or address of the server.
            type: str
            default: ''
          port:
            description: Port; usually 465 with O(email.smtp.security=tls).
            type: int
            default: 587
          security:
            description:
              - How the connection is encrypted. There is no way back to plain text when the server
                does not offer it.
              - V(none) is refused together with a password.
            type: str
            choices: [starttls, tls, none]
            default: starttls
          username:
            description: User; empty for none.
            type: str
            default: ''
          password:
            description: Password.
            type: str
            default: ''
          ca_file:
            description: CA certificates to trust instead of the system's.
            type: str
            default: ''
      events:
        description: Events that are sent here; all but V(started) when left out.
        type: list
        elements: str
        choices: [started, succeeded, failed, rolled_back, cancelled, needs_human, health_alert,
          scan_findings]
  webhook:
    description:
      - A receiver of signed JSON. Off without O(webhook.url).
      - The header C(X-IADeploy-Signature) is V(v1=) and the hexadecimal HMAC-SHA256 of
        C(X-IADeploy-Timestamp), a full stop and the body. C(X-IADeploy-Delivery) is the same for
        all attempts of one event.
    type: dict
    default: {}
    suboptions:
      url:
        description: Where to send it; C(https://), or C(http://) on the same machine.
        type: str
        default: ''
      secret:
        description: Secret of the signature, at least 16 characters.
        type: str
        default: ''
      ca_file:
        description: CA certificates to trust instead of the system's.
        type: str
        default: ''
      events:
        description: Events that are sent here; all when left out.
        type: list
        elements: str
        choices: [started, succeeded, failed, rolled_back, cancelled, needs_human, health_alert,
          scan_findings]
  receipt:
    description:
      - RV(receipt) of an earlier task about the same deploy. Slack's message of that one is updated
        instead of a new one posted, and the duration is counted from it.
    type: dict
    default: {}
  required:
    description: Whether the task fails when a channel could not be reached.
    type: bool
    default: false
  timeout:
    description:
      - Seconds for all channels, attempts and pauses together, above 0 and up to 30.
      - Answers 429 and 5xx and failed connections are tried again; a C(Retry-After) that fits into
        the time is kept.
    type: float
    default: 30.0
  log:
    description:
      - Activity log on the machine that runs the module, one JSON object per line, mode 0640.
        Holds no address, key or text of a message. Left out, none is written.
    type: path
  log_max_bytes:
    description: Size at which the log is renamed to end in C(.1), replacing the one before.
    type: int
    default: 1048576
attributes:
  check_mode:
    support: full
    description: Everything is validated and nothing is sent.
  diff_mode:
    support: none
    description: There is nothing to compare.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Say that the deploy begins
  ansible.legacy.notify:
    event: started
    environment: production
    app: shop
    previous_version: 1.3.0
    version: 1.4.0
    actor: alice
    slack:
      bot_token: "{{ vault_slack_bot_token }}"
      channel: '#deploys'
  delegate_to: localhost
  run_once: true
  register: told

- name: Turn the same message into the outcome
  ansible.legacy.notify:
    event: succeeded
    environment: production
    app: shop
    previous_version: 1.3.0
    version: 1.4.0
    hosts_ok: 4
    hosts_total: 4
    receipt: "{{ told.receipt }}"
    slack:
      bot_token: "{{ vault_slack_bot_token }}"
      channel: '#deploys'
  delegate_to: localhost
  run_once: true

- name: Wake somebody up by e-mail, and tell a program
  ansible.legacy.notify:
    event: needs_human
    environment: production
    app: shop
    message: The servers serve different releases.
    next_step: Run 'iactl status production'.
    email:
      to: [ops@example.com]
      sender: deploy@example.com
      smtp:
        host: smtp.example.com
        username: deploy
        password: "{{ vault_smtp_password }}"
    webhook:
      url: https://hooks.example.com/deploys
      secret: "{{ vault_webhook_secret }}"
    required: true
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
state:
  description: V(sent), V(degraded) when at least one channel failed, V(none) without channels.
  returned: always
  type: str
  sample: sent
degraded:
  description: Whether a channel failed.
  returned: always
  type: bool
channels:
  description: What came of each channel.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: V(slack), V(email) or V(webhook).
      type: str
    state:
      description: V(sent), V(failed), or V(skipped) when the channel does not want the event.
      type: str
    attempts:
      description: How many attempts were made.
      type: int
    seconds:
      description: How long they took together.
      type: float
    reason:
      description: Why it failed; empty when it did not.
      type: str
receipt:
  description: What a later task about the same deploy passes as O(receipt). Holds no secret.
  returned: always
  type: dict
  sample: {at: 1772359200.0, slack: {channel: C024BE91L, ts: '1772359200.000100'}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.errors import DeployError
from ansible.module_utils.iadeploy.notify.options import NOTIFY_OPTIONS
from ansible.module_utils.iadeploy.notify.sender import notify


def main() -> None:
    """Read the parameters, tell every channel, answer in Ansible's way."""
    module = AnsibleModule(argument_spec=NOTIFY_OPTIONS, supports_check_mode=True)
    try:
        result = notify(module.params, check=module.check_mode)
    except DeployError as error:
        module.fail_json(
            msg=str(error), cause=error.cause, state="degraded", degraded=True, channels=[]
        )
    for warning in result.pop("warnings"):
        module.warn(warning)
    if result["degraded"] and module.params["required"]:
        module.fail_json(cause="unavailable", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
