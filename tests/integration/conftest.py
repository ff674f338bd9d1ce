"""Which tests stay together when they are run on several processes: ``--dist loadgroup``."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one process; Molecule's scenarios share nothing."""
    for item in items:
        alone = item.path.name == "test_molecule.py"
        item.add_marker(pytest.mark.xdist_group(item.name if alone else item.path.name))
