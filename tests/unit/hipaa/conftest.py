"""The clean project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hipaa.tree import Tree, clean_tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A project without a defect."""
    return clean_tree(tmp_path)
