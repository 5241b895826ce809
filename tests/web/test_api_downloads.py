from urllib.parse import unquote

from tests.desk import DOCUMENTS, Desk
from tests.mail import mail
from tests.web.server import Answer, Client

DATA = bytes(range(256)) * 10


async def download(desk: Desk, api: Client, name: str = "a.bin", content_type: str = "", **headers: str) -> Answer:
    await desk.ingest(mail("Printer").attach(name, DATA, content_type))
    (row,) = await desk.all(DOCUMENTS)
    return await api.get(f"/api/v1/documents/{row['document_id']}/content", **headers)


async def test_a_document_comes_whole_and_is_saved_by_browsers(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, 'Übersicht "1".bin')
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert "filename*=UTF-8''%C3%9Cbersicht%20" in answer.headers["content-disposition"]
    (row,) = await desk.all(DOCUMENTS)
    assert answer.headers["etag"] == f'"{row["sha256"]}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_range_is_a_part_of_it(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, Range="bytes=256-511")
    assert (answer.status, answer.body) == (206, DATA[256:512])
    assert answer.headers["content-range"] == f"bytes 256-511/{len(DATA)}"


async def test_the_last_bytes_are_a_range_too(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, Range="bytes=-5")
    assert (answer.status, answer.body) == (206, DATA[-5:])


async def test_a_range_beyond_the_end_is_refused(desk: Desk, api: Client) -> None:
    assert (await download(desk, api, Range=f"bytes={len(DATA)}-")).status == 416


async def test_who_has_it_already_is_told_so(desk: Desk, api: Client) -> None:
    etag = (await download(desk, api)).headers["etag"]
    (row,) = await desk.all(DOCUMENTS)
    again = await api.get(f"/api/v1/documents/{row['document_id']}/content", If_None_Match=f'"x", {etag}')
    assert (again.status, again.body) == (304, b"")


async def test_head_tells_the_size_without_the_bytes(desk: Desk, api: Client) -> None:
    await download(desk, api)
    (row,) = await desk.all(DOCUMENTS)
    answer = await api("HEAD", f"/api/v1/documents/{row['document_id']}/content")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, str(len(DATA)), b"")


async def test_what_can_carry_script_is_not_named_so(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, "page.html", "text/html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_lost_file_is_said_to_be_lost(desk: Desk, api: Client) -> None:
    await download(desk, api)
    (row,) = await desk.all(DOCUMENTS)
    await desk.context.store.delete(row["storage_key"])
    answer = await api.get(f"/api/v1/documents/{row['document_id']}/content")
    assert (answer.status, answer.json()["code"]) == (503, "storage")


async def test_several_ranges_come_in_one_answer(desk: Desk, api: Client) -> None:
    answer = await download(desk, api, Range="bytes=0-1,100-102,9999-")
    assert answer.status == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert DATA[:2] in answer.body
    assert b"Content-Range: bytes 100-102/2560" in answer.body


async def test_a_resumed_download_of_another_file_starts_anew(desk: Desk, api: Client) -> None:
    assert (await download(desk, api, Range="bytes=5-", If_Range='"another"')).body == DATA


async def test_a_senseless_range_is_passed_over(desk: Desk, api: Client) -> None:
    assert (await download(desk, api, Range="pages=1-2")).body == DATA


async def test_a_text_is_given_no_charset_that_nobody_knows(desk: Desk, api: Client) -> None:
    assert (await download(desk, api, "a.txt", "text/plain")).headers["content-type"] == "text/plain"


async def test_hostile_names_cannot_leave_their_header(desk: Desk, api: Client) -> None:
    await download(desk, api)
    (row,) = await desk.all(DOCUMENTS)
    for name in ('a"; filename="b.exe', "a\\", "%41.txt", "a;b=c", "\u202eexe.pdf", "é" * 127):
        await desk.all("UPDATE documents SET name = %(name)s WHERE tenant = %(tenant)s", name=name)
        answer = await api.get(f"/api/v1/documents/{row['document_id']}/content")
        plain, _, exact = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
        assert plain.removeprefix('attachment; filename="').removesuffix('"').isascii()
        assert plain.count('"') == 2
        assert unquote(exact) == name
