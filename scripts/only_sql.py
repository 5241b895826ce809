"""A pytest plugin for a second database, keeping only the tests that stand on one: `pytest -p scripts.only_sql`."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out every test that never asks for the fixture `server`, and what a browser shows of the same data."""
    kept = [item for item in items if "server" in getattr(item, "fixturenames", ()) and not _in_browser(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _in_browser(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None
