"""`maildock fsck`."""

from dataclasses import asdict
from typing import Annotated

import typer

from maildock.cli.house import House, run
from maildock.cli.output import AsJson, print_json, progress, say
from maildock.flow.check import Findings, check
from maildock.storage.keys import parse_key

_MEANINGS = {
    "missing": "not in the store",
    "damaged": "not the bytes that were stored",
    "orphaned": "in the store, but known to nobody",
    "stuck": "claimed by a worker that is gone",
}
_FOREIGN = "in the store, but no file of maildock's, so it is left alone; move it elsewhere"


def fsck(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the database against the store, both ways, reading every file again."""
    findings = run(lambda house: _check(house, repair=repair))
    if as_json:
        print_json(asdict(findings))
    for kind, meaning in _MEANINGS.items():
        for entry in getattr(findings, kind):
            say(f"{entry}: {meaning if kind != 'orphaned' or parse_key(entry) else _FOREIGN}")
    say(f"{findings.checked} objects checked" + ("" if findings.clean else ", something is wrong"))
    if not findings.clean:
        raise typer.Exit(1)


async def _check(house: House, *, repair: bool) -> Findings:
    findings = Findings()
    with progress("objects", None) as step:
        async for so_far in check(house.context, repair=repair):
            findings = so_far
            step()
    return findings
