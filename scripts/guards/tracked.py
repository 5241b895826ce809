"""The files that git tracks, as the guards read them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

# What others wrote is kept as it came, by its version.
VENDORED = "src/maildock/web/static/pdfjs-"


def paths(root: Path) -> list[Path]:
    """List the tracked files that exist, relative to `root`."""
    listing = subprocess.run(("git", "ls-files", "-z"), cwd=root, capture_output=True, check=True).stdout
    found = (Path(name) for name in listing.decode().split("\0") if name)
    return [path for path in found if (root / path).is_file()]


def lines(root: Path) -> Iterator[tuple[str, str]]:
    """Give each line of each tracked UTF-8 file that was written here, with `path:number` as its place."""
    for path in paths(root):
        if path.as_posix().startswith(VENDORED):
            continue
        try:
            text = (root / path).read_bytes().decode()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            yield f"{path}:{number}", line
