"""The environment in which the demo and the tests type iactl.

Whoever runs them may have keys of real channels in the shell: a throwaway release must tell nobody.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

# What iactl and its roles read, down to the last name in ci_scripts/doctor/needs.toml.
_PREFIXES = (
    "ANSIBLE_",
    "ANTHROPIC_",
    "APP_SECRET_",
    "GH_",
    "GITHUB_",
    "IADEPLOY_",
    "NOTIFICATION_",
    "PRODUCTION_",
    "REGISTRY_",
    "SENDGRID_",
    "SERVER_",
    "SLACK_",
    "SSH_KNOWN_HOSTS",
    "SSH_PRIVATE_KEY",
    "STAGING_",
    "STRIPE_",
)
_FROM_OUTSIDE = dict(os.environ)


def quiet(
    environ: Mapping[str, str] = os.environ, outside: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return an environment in which iactl finds no key or address of the caller's.

    Args:
        environ: the environment now; what a test has put there on purpose stays.
        outside: what this process was started with, by default.
    """
    brought = _FROM_OUTSIDE if outside is None else outside
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_PREFIXES) or brought.get(name) != value
    }
