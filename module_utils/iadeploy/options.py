"""What the modules take, as Ansible's argument specs. Nothing is imported here but types.

The controller reads this too, before the first server is asked.
"""

from __future__ import annotations

from typing import Any


def _group(options: dict[str, Any]) -> dict[str, Any]:
    """Return the option that holds a group of others."""
    return {"type": "dict", "default": {}, "options": options, "apply_defaults": True}


HOST_OPTIONS: dict[str, Any] = {
    "app": {"type": "str", "required": True},
    "state_dir": {"type": "path", "default": "/var/lib/iadeploy"},
    "network": {"type": "str", "default": "iadeploy"},
    "addresses": {"type": "dict", "required": True},
    "proxy_socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    "proxy_state_file": {"type": "path", "default": "/var/lib/haproxy/iadeploy.state"},
    "engine_timeout": {"type": "float", "default": 60.0},
}

HEALTH_OPTIONS: dict[str, Any] = {
    "path": {"type": "str", "default": "/"},
    "statuses": {"type": "list", "elements": "int", "default": [200]},
    "host": {"type": "str", "default": ""},
    "consecutive": {"type": "int", "default": 2},
    "timeout": {"type": "float", "default": 3.0},
    "deadline": {"type": "float", "default": 60.0},
    "interval": {"type": "float", "default": 0.1},
}

RUNTIME_OPTIONS: dict[str, Any] = {
    "port": {"type": "int", "default": 8000},
    "env": {"type": "dict", "default": {}},
    "secrets_as": {"type": "str", "choices": ["file", "env"], "default": "file"},
    "command": {"type": "list", "elements": "str", "default": []},
    "volumes": {"type": "list", "elements": "str", "default": []},
    "tmpfs": {"type": "list", "elements": "str", "default": []},
    "read_only": {"type": "bool", "default": False},
    "memory": {"type": "str", "default": ""},
    "cpus": {"type": "float", "default": 0.0},
    "pids": {"type": "int", "default": 512},
    "cap_drop": {"type": "list", "elements": "str", "default": ["ALL"]},
    "cap_add": {"type": "list", "elements": "str", "default": []},
    "processes": {"type": "dict", "default": {}},
}

BAKE_OPTIONS: dict[str, Any] = {
    "seconds": {"type": "float", "default": 30.0},
    "min_requests": {"type": "int", "default": 20},
    "max_error_percent": {"type": "float", "default": 5.0},
    "latency_factor": {"type": "float", "default": 3.0},
    "window": {"type": "float", "default": 0.0},
    "bad": {"type": "int", "default": 0},
    "halt": {"type": "bool", "default": False},
}

LEASE_OPTIONS: dict[str, Any] = {
    "run": {"type": "str", "default": ""},
    "fence": {"type": "int", "default": 0},
    "owner": {"type": "str", "default": ""},
    "url": {"type": "str", "default": ""},
    "seconds": {"type": "float", "default": 120.0},
    "grant": {"type": "bool", "default": False},
    "expired": {"type": "str", "default": ""},
    "dead_runs": {"type": "list", "elements": "str", "default": []},
    "last": {"type": "bool", "default": False},
}

HANDOVER_OPTIONS: dict[str, Any] = {
    "first": {"type": "bool", "default": False},
    "step": {"type": "str", "choices": ["stop", "all"], "default": "all"},
    "quiet": {"type": "bool", "default": False},
}

BACKUP_OPTIONS: dict[str, Any] = {
    "wanted": {"type": "bool", "default": False},
    "keep": {"type": "int", "default": 5},
    "timeout": {"type": "float", "default": 900.0},
    "scratch_url": {"type": "str", "default": "", "no_log": True},
    "recipients": {"type": "list", "elements": "str", "default": []},
}

MIGRATE_OPTIONS: dict[str, Any] = {
    "command": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 300.0},
    "tool": {"type": "str", "choices": ["alembic", "other"], "default": "alembic"},
    "scripts": {"type": "str", "default": ""},
    "destructive": {"type": "list", "elements": "str", "default": []},
    "allow_destructive": {"type": "bool", "default": False},
    "url": {"type": "str", "default": "", "no_log": True},
    "backup": _group(BACKUP_OPTIONS),
}

RELEASE_OPTIONS: dict[str, Any] = {
    "phase": {
        "type": "str",
        "required": True,
        "choices": [
            "plan",
            "fetch",
            "migrate",
            "prepare",
            "switch",
            "handover",
            "bake",
            "commit",
            "abort",
            "unlock",
        ],
    },
    "then": {"type": "list", "elements": "str", "choices": ["switch", "commit"], "default": []},
    "action": {"type": "str", "choices": ["deploy", "rollback"], "default": "deploy"},
    "release": {"type": "str", "default": ""},
    "image": {"type": "str", "default": ""},
    "digest": {"type": "str", "default": ""},
    "runtime": _group(RUNTIME_OPTIONS),
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "health": _group(HEALTH_OPTIONS),
    "bake": _group(BAKE_OPTIONS),
    "handover": _group(HANDOVER_OPTIONS),
    "lease": _group(LEASE_OPTIONS),
    "migrate": _group(MIGRATE_OPTIONS),
    "migrated": {"type": "dict", "default": {}},
    "registry_username": {"type": "str", "default": ""},
    "registry_password": {"type": "str", "default": "", "no_log": True},
    "share": {"type": "int", "default": 100},
    "drain_seconds": {"type": "float", "default": 30.0},
    "stop_seconds": {"type": "int", "default": 30},
    "keep": {"type": "int", "default": 5},
    "keep_warm": {"type": "bool", "default": False},
    "hurried": {"type": "bool", "default": False},
    "min_free_mib": {"type": "int", "default": 1024},
    "actor": {"type": "str", "default": ""},
    "reason": {"type": "str", "default": ""},
    **HOST_OPTIONS,
}
