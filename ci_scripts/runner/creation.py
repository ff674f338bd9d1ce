"""The engine's request that a deploy would create the application's container with."""

from __future__ import annotations

from typing import Any

from iadeploy.container import Placement, creation_request
from iadeploy.errors import DeployError
from iadeploy.options import RELEASE_OPTIONS
from iadeploy.release_arguments import build_release

from .values import InventoryError, RoleValues

_ANY_RELEASE = "20260101-000000-abc123"
_ANY_DIGEST = f"sha256:{'0' * 64}"


def container_request(values: RoleValues) -> dict[str, Any]:
    """Return the request for a server's variables as the role release sees them.

    The variables take the way they take in a deploy: the module's argument check, then the code
    that runs on the server.

    Raises:
        InventoryError: a deploy would refuse them.
    """
    # Late: Ansible takes 0.6 s to import.
    from ansible.module_utils.common.arg_spec import (  # pylint: disable=import-outside-toplevel
        ArgumentSpecValidator,
    )

    addresses = values.value("release_slot_addresses")
    parameters = {
        "phase": "prepare",
        "app": values.value("release_app_name"),
        "release": _ANY_RELEASE,
        "image": values.value("release_image"),
        "digest": _ANY_DIGEST,
        "runtime": values.value("__release_runtime"),
        "secrets": values.value("release_secrets"),
        "addresses": addresses,
    }
    checked = ArgumentSpecValidator(RELEASE_OPTIONS).validate(parameters)
    if checked.error_messages:
        raise InventoryError(f"a deploy would refuse it: {checked.error_messages[0]}")
    try:
        release, secrets = build_release(checked.validated_parameters)
        folder = f"{values.value('release_state_dir')}/secrets" if secrets else ""
        placement = Placement("blue", values.value("release_network"), addresses["blue"], folder)
        return creation_request(release, placement, secrets)
    except DeployError as error:
        raise InventoryError(f"a deploy would refuse it: {error.what}") from error
