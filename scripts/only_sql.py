"""A pytest plugin for a second database, keeping only the tests that stand on one: `pytest -p scripts.only_sql`."""

import pytest

REPEATING = (
    "tests/cli/test_keeping_house.py",
    "tests/cli/test_surroundings.py",
    "tests/crash/test_every_point.py",
    "tests/web/test_api_description.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out every test that never asks for the fixture `server`, and what repeats the same statements.

    So do the tests in a browser, the requests that are made up from the API's description, deaths at every place, and
    the small commands; and of those against vendors the contract sends all that there is.
    """
    kept = [item for item in items if "server" in getattr(item, "fixturenames", ()) and not _repeats(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _repeats(item: pytest.Item) -> bool:
    of_vendor = item.nodeid.startswith("tests/providers/") and "test_contract.py" not in item.nodeid
    return of_vendor or item.nodeid.startswith(REPEATING) or item.get_closest_marker("browser") is not None
