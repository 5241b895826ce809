"""Every test really ran: what the test runs left behind shows no failure, no skip, and no report without tests."""

import xml.etree.ElementTree as ET
from pathlib import Path

# The mails that nobody here wrote are not part of the repository; all else must run everywhere.
ALLOWED = "no mail corpus"


def problems(root: Path) -> list[str]:
    """Read `.reports/*.xml`, pytest's own reports."""
    reports = sorted((root / ".reports").glob("*.xml"))
    if not reports:
        return ["there is no report of a test run; run `make test` first"]
    return [problem for report in reports for problem in _of_report(report)]


def _of_report(report: Path) -> list[str]:
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it a moment ago
    if not cases:
        return [f"{report.name} has no test at all"]
    return [line for case in cases if (line := _of_case(report, case))]


def _of_case(report: Path, case: ET.Element) -> str | None:
    for outcome in ("failure", "error", "skipped"):
        found = case.find(outcome)
        if found is not None and not (outcome == "skipped" and found.get("message", "").startswith(ALLOWED)):
            return f"{report.name}: {case.get('classname')}.{case.get('name')}: {outcome}: {found.get('message')}"
    return None
