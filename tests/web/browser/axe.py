"""axe-core, which finds what keeps people with disabilities out of a page; its licence lies beside it (MPL 2.0)."""

import gzip
from pathlib import Path
from typing import Any

from playwright.async_api import Frame, Page

_SCRIPT = Path(__file__).with_name("axe.min.js.gz")
_RUN = """async (rules) => {
  const runOnly = rules.length ? {runOnly: rules} : {};
  const found = await axe.run(document, {iframes: false, resultTypes: ["violations"], ...runOnly});
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 160)).join(" | ")}`);
}"""


async def violations(page: Page | Frame, *rules: str) -> list[str]:
    """Run axe-core in a page or frame, past its policy, and give what it found by these rules, or by all."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(gzip.decompress(_SCRIPT.read_bytes()).decode())
    found: Any = await page.evaluate(_RUN, list(rules))
    return [str(each) for each in found]
