"""Everything in this folder needs ROS and the vendor library."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as needing ROS and the vendor library."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ros)
            item.add_marker(pytest.mark.vendor)
