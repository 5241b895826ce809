from pathlib import Path

import pytest
from scripts.guards import layers


def test_this_repository_holds(root: Path) -> None:
    assert layers.problems(root) == []


def package(root: Path, name: str, **modules: str) -> None:
    (root / name).mkdir()
    for module, text in {"__init__": "", **modules}.items():
        (root / name / f"{module}.py").write_text(text)


def test_a_circle_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "round_house", a="from round_house import b", b="import round_house.c", c="import round_house.a")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = layers.circles("round_house")
    assert "round_house.a -> " in found


def test_an_import_for_types_alone_makes_no_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for_types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import straight_house.a\n"
    package(tmp_path, "straight_house", a="import straight_house.b", b=for_types)
    monkeypatch.syspath_prepend(tmp_path)
    assert layers.circles("straight_house") == []
