"""What the module ``notify`` takes."""

from __future__ import annotations

from typing import Any

from .event import KINDS

_EVENTS: dict[str, Any] = {
    "type": "list",
    "elements": "str",
    "choices": [kind for kind in KINDS if kind != "test"],
}

SLACK_OPTIONS: dict[str, Any] = {
    "webhook_url": {"type": "str", "default": "", "no_log": True},
    "bot_token": {"type": "str", "default": "", "no_log": True},
    "channel": {"type": "str", "default": ""},
    "api_url": {"type": "str", "default": "https://slack.com/api/"},
    "events": _EVENTS,
}

SMTP_OPTIONS: dict[str, Any] = {
    "host": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 587},
    "security": {"type": "str", "choices": ["starttls", "tls", "none"], "default": "starttls"},
    "username": {"type": "str", "default": ""},
    "password": {"type": "str", "default": "", "no_log": True},
    "ca_file": {"type": "str", "default": ""},
}

EMAIL_OPTIONS: dict[str, Any] = {
    "to": {"type": "list", "elements": "str", "default": []},
    "sender": {"type": "str", "default": ""},
    "sendgrid_api_key": {"type": "str", "default": "", "no_log": True},
    "sendgrid_api_url": {"type": "str", "default": "https://api.sendgrid.com"},
    "smtp": {"type": "dict", "default": {}, "options": SMTP_OPTIONS, "apply_defaults": True},
    "events": _EVENTS,
}

WEBHOOK_OPTIONS: dict[str, Any] = {
    "url": {"type": "str", "default": "", "no_log": True},
    "secret": {"type": "str", "default": "", "no_log": True},
    "ca_file": {"type": "str", "default": ""},
    "events": _EVENTS,
}

FACT_OPTIONS: dict[str, Any] = {
    **{
        name: {"type": "str", "default": ""}
        for name in (
            "message",
            "environment",
            "app",
            "version",
            "previous_version",
            "compare_url",
            "commit",
            "commit_message",
            "actor",
            "approver",
            "health",
            "run_url",
            "ledger_head",
            "next_step",
            "release",
        )
    },
    "duration": {"type": "float"},
    "hosts_ok": {"type": "int"},
    "hosts_total": {"type": "int"},
    "failed_requests": {"type": "int"},
}

NOTIFY_OPTIONS: dict[str, Any] = {
    "event": {"type": "str", "required": True, "choices": list(KINDS)},
    **FACT_OPTIONS,
    "slack": {"type": "dict", "default": {}, "options": SLACK_OPTIONS, "apply_defaults": True},
    "email": {"type": "dict", "default": {}, "options": EMAIL_OPTIONS, "apply_defaults": True},
    "webhook": {"type": "dict", "default": {}, "options": WEBHOOK_OPTIONS, "apply_defaults": True},
    "receipt": {"type": "dict", "default": {}},
    "required": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 30.0},
    "log": {"type": "path"},
    "log_max_bytes": {"type": "int", "default": 1048576},
}
