"""What the documents say that code can check: commands, paths, links and tests that they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
NAME = re.compile(r"[a-z-]+(?: |$)")
PATH = re.compile(r"(?:service|linkage_engine|migrations|tests|docs|requirements)/[\w./-]*")
LINK = re.compile(r"\]\(([^)\s]+)\)")
RULE = re.compile(r"\|(?:-+\|)+")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@dataclass(frozen=True)
class Typed:
    """Words that a document says can be typed; a whole line has all its arguments, a mention may not."""

    page: str
    words: tuple[str, ...]
    whole: bool


def spans(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return SPAN.findall(FENCED.sub("", text))


def lines_to_type(text: str) -> list[str]:
    """The lines of indented blocks."""
    return [line.strip() for line in FENCED.sub("", text).splitlines() if line.startswith("    ")]


def typed(page: str, text: str, program: str) -> Iterator[Typed]:
    """Every command of a document whose program begins so, in blocks and in backticks."""
    for line in lines_to_type(text):
        if line.startswith(program):
            yield Typed(page, tuple(shlex.split(line.split(" # ")[0])), whole=True)
    for span in spans(text):
        if span.startswith(program) and NAME.match(span):
            yield Typed(page, tuple(shlex.split(span)), whole=False)


def paths(text: str) -> list[str]:
    """Files and folders of the project that are named in backticks."""
    return [span for span in spans(text) if PATH.fullmatch(span)]


def links(text: str) -> list[str]:
    """Links to other documents."""
    return [link.split("#")[0] for link in LINK.findall(text) if not link.startswith(("http", "#"))]


def named_tests(text: str) -> list[tuple[str, str]]:
    """Files and functions of the tests that a document names."""
    return TEST.findall(text)


def sections(text: str, mark: str) -> dict[str, str]:
    """Sections whose heading begins with the mark, by heading."""
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts if part.startswith(mark)}


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, heads left out."""
    lines = [*text.splitlines(), ""]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line, below in pairwise(lines)
        if line.startswith("|") and not RULE.fullmatch(line) and not RULE.fullmatch(below)
    ]
