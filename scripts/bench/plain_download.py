"""The floor of a download: `python -m scripts.bench.plain_download URL TOKEN FILE` prints the seconds of CPU it took.

The standard library's client, one buffer, SHA-256, a file and its fsync; nothing else.
"""

import hashlib
import http.client
import os
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

PIECE = 1 << 18


def main() -> None:
    """Download once."""
    url, token, copy = urlsplit(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    context = ssl.create_default_context()
    began = time.process_time()
    connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=context)
    connection.request("GET", url.path, headers={"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'})
    response = connection.getresponse()
    digest = hashlib.sha256()
    with copy.open("wb", buffering=0) as file:
        while piece := response.read(PIECE):
            digest.update(piece)
            file.write(piece)
        os.fsync(file.fileno())
    taken = time.process_time() - began
    print(taken, copy.stat().st_size, digest.hexdigest())


if __name__ == "__main__":
    main()
