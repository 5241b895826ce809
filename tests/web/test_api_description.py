"""The API is as it describes itself: routes by hand, and a client that makes requests up from the description."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from maildock.web.app import API, NOUNS
from tests.desk import Desk
from tests.mail import mail
from tests.web.server import Client

HERE = Path(__file__).parent
MOST_SECONDS = 200


async def operations(api: Client) -> dict[tuple[str, str], dict[str, Any]]:
    described = (await Client(api.origin, {}).get(f"{API}/openapi.json")).json()
    return {(verb, path): said for path, verbs in described["paths"].items() for verb, said in verbs.items()}


async def test_every_route_is_described_and_nothing_else(api: Client) -> None:
    served = {
        (verb.lower(), f"{API}{route.path.replace(':path', '')}")
        for noun in NOUNS
        for route in noun.router.routes
        if isinstance(route, APIRoute)
        for verb in route.methods or ()
    }
    # Whatever answers GET answers HEAD.
    assert set(await operations(api)) == served | {("head", path) for verb, path in served if verb == "get"}


async def test_each_operation_says_which_errors_it_answers(api: Client) -> None:
    for (verb, path), said in (await operations(api)).items():
        wanted = {401, 500, 503}
        wanted |= {400} if "limit" in [one["name"] for one in said.get("parameters", ())] else set()
        wanted |= {404} if "{" in path or path.endswith("/retry") else set()
        wanted |= {413, 415, 422} if verb == "post" else set()
        wanted |= {416} if path.endswith("/content") else set()
        assert {int(status) for status in said["responses"] if int(status) >= 400} == wanted, (verb, path)


async def test_every_error_is_a_problem_and_every_route_wants_a_token(api: Client) -> None:
    for (verb, path), said in (await operations(api)).items():
        assert said["security"] == [{"HTTPBearer": []}], path
        for status, answer in said["responses"].items():
            if int(status) >= 400 and verb != "head":
                assert list(answer["content"]) == ["application/problem+json"], (verb, path, status)


async def run(api: Client, folder: Path, phases: str, examples: int, *, token: bool) -> tuple[int, str]:
    """Have requests made up, the same ones each time."""
    command = (
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "--no-color"),
        *("run", f"{api.origin}{API}/openapi.json", "--generation-deterministic", "--continue-on-failure"),
        *("--phases", phases, "--max-examples", str(examples)),
        *(("-H", f"Authorization: {api.headers['Authorization']}") if token else ()),
    )
    more = {"MADE_UP_HOOKS": str(HERE / "made_up.py"), "MADE_UP_WITH_TOKEN": "yes" if token else "no"}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **more},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), MOST_SECONDS)
    return process.returncode or 0, out.decode()


async def test_made_up_requests_are_answered_as_described(desk: Desk, api: Client, tmp_path: Path) -> None:
    first = mail("Printer").attach("a.txt", b"hello").attach("b.png", bytes(5000))
    await desk.ingest(first, mail("Again").reply_to(first).attach("c.pdf", b"%PDF-1.4"), mail("Other"))
    code, said = await run(api, tmp_path, "coverage,fuzzing,stateful", 4, token=True)
    assert code == 0, said


async def test_made_up_requests_without_a_token_are_refused(api: Client, tmp_path: Path) -> None:
    code, said = await run(api, tmp_path, "fuzzing", 4, token=False)
    assert code == 0, said
