from pathlib import Path

import pytest
from scripts.guards import migration_text

EXPAND = '"""Add what is new.\n\nKind: expand.\n"""\n\n\ndef upgrade() -> None:\n    op.execute("{up}")\n\n\n'
DOWN = 'def downgrade() -> None:\n    op.execute("DROP TABLE x")\n'


def migration(root: Path, text: str, sql: str = "") -> Path:
    versions = root / migration_text.VERSIONS
    versions.mkdir(parents=True)
    (versions / "0001_first.py").write_text(text)
    (versions / "0001_first.sql").write_text(sql)
    return root


def test_this_repository_holds(root: Path) -> None:
    assert migration_text.problems(root) == []


def test_a_migration_that_only_adds_is_fine(tmp_path: Path) -> None:
    text = EXPAND.format(up="CREATE TABLE x (tenant uuid)") + DOWN
    assert migration_text.problems(migration(tmp_path, text, "-- we never DROP TABLE here\n")) == []


def test_a_migration_must_say_its_kind(tmp_path: Path) -> None:
    (found,) = migration_text.problems(migration(tmp_path, '"""Add something."""\n'))
    assert found.startswith("0001_first.py: its docstring has no line")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE x",
        "ALTER TABLE x RENAME y TO z",
        "ALTER TABLE x ALTER COLUMN y TYPE text",
        "ALTER TABLE x ALTER y SET NOT NULL",
        "CREATE TRIGGER t",
        "FOREIGN KEY (tenant, a) REFERENCES b ON DELETE SET NULL",
        "id bigserial",
        "CREATE INDEX CONCURRENTLY i ON x (tenant)",
    ],
)
def test_what_must_not_stand_in_an_expansion_is_found(tmp_path: Path, statement: str) -> None:
    assert len(migration_text.problems(migration(tmp_path, EXPAND.format(up="SELECT 1") + DOWN, statement))) == 1


def test_a_contraction_may_drop(tmp_path: Path) -> None:
    text = EXPAND.replace("expand", "contract").format(up="DROP TABLE x")
    assert migration_text.problems(migration(tmp_path, text)) == []
