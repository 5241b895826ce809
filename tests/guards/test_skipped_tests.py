from pathlib import Path

import pytest
from scripts.guards import skipped_tests

CASE = '<testsuites><testsuite><testcase classname="tests.a" name="test_b">{}</testcase></testsuite></testsuites>'


def write(root: Path, report: str) -> Path:
    (root / ".reports").mkdir()
    (root / ".reports" / "embedded.xml").write_text(report)
    return root


@pytest.mark.parametrize("outcome", ["skipped", "failure", "error"])
def test_whatever_did_not_pass_is_named(tmp_path: Path, outcome: str) -> None:
    root = write(tmp_path, CASE.format(f'<{outcome} message="no time"/>'))
    assert skipped_tests.problems(root) == [f"embedded.xml: tests.a.test_b: {outcome}: no time"]


def test_what_passed_or_lacks_the_corpus_is_fine(tmp_path: Path) -> None:
    root = write(tmp_path, CASE.format('<skipped message="no mail corpus at /here"/>'))
    (root / ".reports" / "external.xml").write_text(CASE.format(""))
    assert skipped_tests.problems(root) == []


def test_a_report_without_tests_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path, "<testsuites><testsuite/></testsuites>")
    assert skipped_tests.problems(root) == ["embedded.xml has no test at all"]


def test_no_report_is_a_problem(tmp_path: Path) -> None:
    assert skipped_tests.problems(tmp_path) == ["there is no report of a test run; run `make test` first"]
