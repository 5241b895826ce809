"""A pytest plugin that keeps only the tests that stand on the database: `pytest -p scripts.only_sql`."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out every test that never asks for the fixture `server`."""
    kept = [item for item in items if "server" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
