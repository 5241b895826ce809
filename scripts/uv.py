"""Run uv with the package index that pip is configured for: `python scripts/uv.py pip install …`.

uv doesn't read pip's configuration, and no index is written down in this repository, so that each machine uses its own.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# pip's name of a setting: uv's variable for the same. The later of two sources of pip wins, as with pip itself.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
COMMA_SEPARATED = {"UV_FIND_LINKS"}
SECTIONS = ("global", "install", ":env:")


def translate(listing: str) -> dict[str, str]:
    """Turn the output of `pip config list` into uv's variables."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        for line in listing.splitlines():
            name, _, quoted = line.partition("=")
            owner, _, setting = name.rpartition(".")
            if owner == section and setting in VARIABLES:
                variable = VARIABLES[setting]
                separator = "," if variable in COMMA_SEPARATED else " "
                found[variable] = separator.join(" ".join(shlex.split(quoted)).split())
    return found


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give `environ` with uv's variables added; what is set for uv already stays as it is."""
    pip = (sys.executable, "-m", "pip", "config", "list")
    listing = subprocess.run(pip, capture_output=True, text=True, check=True).stdout
    # Every download is checked against the lock's hashes, so it doesn't matter which index has it.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_NO_PROGRESS": "1", **translate(listing), **environ}


def main() -> None:
    """Become uv."""
    uv = Path(sys.executable).with_name("uv")
    os.execve(uv, [str(uv), *sys.argv[1:]], environment(os.environ))  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
