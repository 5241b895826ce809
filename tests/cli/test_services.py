import http.client
import json
import signal
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.cli.program import PYTHON_M, Maildock, Service, ended
from tests.mail import mail


def get(service: Service, path: str, token: str = "") -> bytes:
    request = Request(service.line["url"] + path, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urlopen(request, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def token_of(program: Maildock, tenant: str) -> str:
    return str(program("tokens", "add", "--tenant", tenant, "--json").line["token"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_serves_tells_its_login_once_and_stops_cleanly(alone: Maildock, number: signal.Signals) -> None:
    first = alone.start("up", "--port", "0")
    assert set(first.line) == {"url", "tenant", "admin"}
    assert set(first.line["admin"]) == {"email", "password"}
    assert get(first, "/readyz")
    begun = time.monotonic()
    assert first.stop(number)[0] == 0
    assert time.monotonic() - begun < 10
    second = alone.start("up", "--port", "0")
    assert second.line["admin"] is None
    assert second.line["tenant"] == first.line["tenant"]
    assert second.stop()[0] == 0


def test_the_first_up_makes_a_login_though_a_tenant_is_there(alone: Maildock) -> None:
    shop = alone("tenants", "add", "shop", "--json").line["tenant"]
    first = alone.start("up", "--port", "0")
    assert first.line["admin"]
    assert first.line["tenant"] != shop
    assert {one["name"] for one in alone("tenants", "list", "--json").lines} == {"default", "shop"}
    assert first.stop()[0] == 0


# As a script starts it in its background: without Ctrl-C.
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh", *PYTHON_M)


@pytest.mark.parametrize("words", [("worker",), ("up", "--port", "0", "--json"), ("demo", "--port", "0")])
@pytest.mark.parametrize("command", [PYTHON_M, IN_THE_BACKGROUND])
def test_a_service_that_is_stopped_while_it_starts_has_stopped(
    alone: Maildock, tmp_path: Path, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    service = Maildock({**alone.environment, "TMPDIR": str(tmp_path)}, tmp_path).popen(*words, command=command)
    while not (list(tmp_path.glob("*/database.location")) or list(tmp_path.glob("*/database"))):
        time.sleep(0.01)
    service.send_signal(signal.SIGTERM)
    assert ended(service).code == 0
    assert not list(tmp_path.glob("maildock-demo-*"))


def test_ingest_works_beside_a_running_service_and_alone(alone: Maildock, tmp_path: Path) -> None:
    service = alone.start("up", "--port", "0")
    (tmp_path / "1.eml").write_bytes(mail("Printer").attach("a.txt", b"hello").raw())
    assert alone("ingest", "1.eml", "--tenant", "default", "--json").line["attachments"][0]["status"] == "stored"
    tickets = json.loads(get(service, "/api/v1/tickets", token_of(alone, "default")))
    assert [ticket["subject"] for ticket in tickets["items"]] == ["Printer"]
    assert service.stop()[0] == 0
    assert alone("ingest", "1.eml", "--tenant", "default", "--json").line["outcome"] == "duplicate"


def test_web_and_worker_share_the_work(maildock: Maildock, shop: str) -> None:
    web = maildock.start("web", "--port", "0")
    token = token_of(maildock, shop)
    raw = mail("Printer").attach("a.txt", b"hello").raw()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "message/rfc822"}
    with urlopen(Request(web.line["url"] + "/api/v1/messages", raw, headers), timeout=10) as answer:
        assert answer.status == 202
    assert maildock("worker", "--drain").code == 0
    (row,) = json.loads(get(web, "/api/v1/attachments", token))["items"]
    assert row["status"] == "stored"


def test_a_taken_port_is_one_clear_line(maildock: Maildock) -> None:
    first = maildock.start("up", "--port", "0", "--no-worker")
    port = first.line["url"].rpartition(":")[2]
    run = maildock("up", "--port", port)
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert port in run.err


def test_the_demo_has_a_ticket_to_look_at_and_leaves_nothing(alone: Maildock, tmp_path: Path) -> None:
    demo = Maildock({"TMPDIR": str(tmp_path)}, tmp_path, alone.services).start("demo", "--port", "0")
    address = demo.line["ticket_url"].removeprefix("http://")
    connection = http.client.HTTPConnection(address.partition("/")[0], timeout=10)
    connection.request("GET", "/" + address.partition("/")[2])
    assert (connection.getresponse().status, demo.line["admin"]["email"]) == (303, "admin@localhost")
    connection.close()
    assert demo.stop()[0] == 0
    assert not list(tmp_path.glob("maildock-demo-*"))


def test_a_revoked_token_opens_nothing(maildock: Maildock, shop: str) -> None:
    web = maildock.start("web", "--port", "0")
    made = maildock("tokens", "add", "--tenant", shop, "--json").line
    assert get(web, "/api/v1/tickets", made["token"])
    assert maildock("tokens", "revoke", made["token_id"]).code == 0
    with pytest.raises(OSError, match="401"):
        get(web, "/api/v1/tickets", made["token"])
