"""The documents say what the program does: commands, options, settings, links, paths and make targets all exist.

And every picture stands in a document.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from maildock.cli.app import app
from maildock.settings import PREFIX, Settings
from scripts.guards import tracked

SETTINGS_PAGE = Path("docs/settings.md")
PICTURES = Path("docs/images")
FENCE = re.compile(r"(?ms)^ *```[^\n]*\n(.*?)^ *```")
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(<?([^)>\s]+)")
HEADING = re.compile(r"(?m)^#+ +(.+?) *#*$")
SETTING = re.compile(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b")
OUR_PATH = re.compile(r"(?:src|tests|scripts|docs|requirements)/[\w./-]*")
STOPS = {"|", "||", "&&", ";", "&", "#", "…", "..."}


def problems(root: Path) -> list[str]:
    """Read every tracked Markdown file, and the page of settings against the settings."""
    pages = {path: (root / path).read_text(encoding="utf-8") for path in tracked.paths(root) if path.suffix == ".md"}
    found = [
        f"{path}: {problem}"
        for path, text in pages.items()
        for problem in (*_of_code(root, text), *_of_links(root / path, text))
    ]
    return found + _of_settings(pages) + _of_pictures(root, pages)


def _of_code(root: Path, text: str) -> Iterator[str]:
    targets = set(re.findall(r"(?m)^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8")))
    for code in _code(text):
        for words in _calls(code, "maildock"):
            yield from unknown_words(typer.main.get_command(app), words)
        for words in _calls(code, "make"):
            yield from (f"`make {word}` is no target" for word in words if word.isalpha() and word not in targets)
        if OUR_PATH.fullmatch(code) and not (root / code).exists():
            yield f"`{code}` doesn't exist"
    yield from (f"{name} is no setting" for name in sorted(set(SETTING.findall(text)) - _settings()))


def _code(text: str) -> Iterator[str]:
    for block in FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from INLINE.findall(FENCE.sub("", text))


def _calls(code: str, program: str) -> Iterator[list[str]]:
    """Give the words after each call of the program in a line of shell, as far as they are one command."""
    lexer = shlex.shlex(code, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        words = code.split()
    words = words[1:] if words[:1] == ["$"] else words
    for place, word in enumerate(words):
        begins = (
            place == 0 or words[place - 1] in STOPS or "=" in words[place - 1] or words[place - 1] in {"sudo", "exec"}
        )
        if word.rpartition("/")[2] == program and begins:
            rest = words[place + 1 :]
            end = next((at for at, found in enumerate(rest) if found in STOPS or set(found) <= set("|&;<>")), len(rest))
            yield rest[:end]


def unknown_words(command: Any, words: list[str]) -> Iterator[str]:
    """Name the first word that is no command, and the options that its command doesn't have."""
    name, rest = "maildock", list(words)
    while getattr(command, "commands", None):
        word = rest.pop(0) if rest else ""
        if not word or word.startswith(("-", "<", "[")) or word == word.upper():
            break
        choices = word.split("/")
        strange = [choice for choice in choices if choice not in command.commands]
        if strange:
            yield f"`{name} {strange[0]}` is no command"
            return
        command, name = command.commands[choices[0]], f"{name} {choices[0]}"
    known = {
        "--help",
        *(option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)),
    }
    options = (found for word in words if word.startswith(("-", "[-")) and (found := _option(word)))
    yield from (f"`{name}` has no option `{option}`" for option in options if option not in known)


def _option(word: str) -> str | None:
    found = re.match(r"\[?(--[a-z][a-z-]*)", word)
    return found[1] if found else None


def _of_links(path: Path, text: str) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", text)):
        file, _, part = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        aimed = (path.parent / file) if file else path
        if not aimed.exists():
            yield f"the link {target} leads nowhere"
        elif part and aimed.suffix == ".md" and part not in _anchors(aimed.read_text(encoding="utf-8")):
            yield f"the link {target} leads to no heading"


def _anchors(text: str) -> set[str]:
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _settings() -> set[str]:
    return {PREFIX + name.upper() for name in Settings.model_fields}


def _of_pictures(root: Path, pages: dict[Path, str]) -> list[str]:
    shown = {(root / path).parent / target for path, text in pages.items() for target in LINK.findall(text)}
    seen = {path.resolve() for path in shown}
    pictures = (path for path in tracked.paths(root) if path.is_relative_to(PICTURES))
    return [f"no document shows {path}" for path in pictures if (root / path).resolve() not in seen]


def _of_settings(pages: dict[Path, str]) -> list[str]:
    if SETTINGS_PAGE not in pages:
        return [f"there is no {SETTINGS_PAGE}"]
    described = set(SETTING.findall(pages[SETTINGS_PAGE]))
    return [f"{SETTINGS_PAGE} doesn't describe {name}" for name in sorted(_settings() - described)]
