"""Downloads of a large document, against nginx with the same file."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.figure import TIMES, Figure, Measurement, interleaved
from scripts.bench.ground import Ground, talking
from scripts.bench.mails import MIB, write_mail

SIZE = 100 * MIB
IN_A_ROW, SIDE_BY_SIDE = 5, 4

HOW = (
    "A document of 100 MiB, in memory already, fetched by `curl` with a token from our API, and from nginx (one"
    f" process, `sendfile`) out of the same file, in turn; {IN_A_ROW} times over one connection, and the same by"
    f" {SIDE_BY_SIDE} processes of `curl` side by side. The seconds are those from the first start to the last end."
)
NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr; {user}
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location = /document {{ alias {path}; }} }}
}}
"""


def _run(base: Ground) -> Iterator[Figure]:
    mail = write_mail(base.folder / "download.eml", [SIZE])
    with talking(base, "scripts.bench.served", str(mail)) as (_, printed):
        facts = json.loads(printed.readline())
        with _nginx(base.folder, Path(facts["path"])) as peer:
            ours = (facts["url"], f"Authorization: Bearer {facts['token']}")
            yield _figure(
                "7. downloads of 100 MiB, one after another: nginx's time divided by ours",
                1,
                ours,
                (peer, "Accept: */*"),
            )
            yield _figure(f"7. {SIDE_BY_SIDE} side by side: the same", SIDE_BY_SIDE, ours, (peer, "Accept: */*"))
    mail.unlink()


MEASUREMENT = Measurement(HOW, _run)


def _figure(name: str, count: int, ours: tuple[str, str], theirs: tuple[str, str]) -> Figure:
    _fetch(count, ours)
    _fetch(count, theirs)
    pairs = interleaved(lambda: _fetch(count, ours), lambda: _fetch(count, theirs), rounds=9)
    return Figure(name, pairs.share, TIMES, 0.8, at_least=True, beside=pairs.beside("nginx"))


def _fetch(count: int, wanted: tuple[str, str]) -> float:
    url, header = wanted
    command = ("curl", "-sf", "-w", "%{size_download} ", "-H", header, *(("-o", "/dev/null", url) * IN_A_ROW))
    began = time.perf_counter()
    fetching = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    sizes = [one.communicate()[0] for one in fetching]
    taken = time.perf_counter() - began
    if sizes != [f"{SIZE} " * IN_A_ROW] * count:
        raise ValueError(f"curl fetched {sizes} bytes, not {SIZE} each")
    return taken


@contextlib.contextmanager
def _nginx(folder: Path, path: Path) -> Iterator[str]:
    """Serve a file; gives its URL."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise SystemExit("downloads are measured against nginx: `apt-get install nginx-light`")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The store's folders are its owner's alone; nginx would read them as nobody if root starts it.
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, user=user, port=port, path=path), encoding="utf-8")
    with subprocess.Popen((program, "-c", settings, "-p", folder)) as process:
        while process.poll() is None and not _answers(port):
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/document"
        process.terminate()


def _answers(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
