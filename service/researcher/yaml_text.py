"""YAML and JSON as people write them: values of a few plain kinds, and the line that each stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from service.problems.results import SpecificationUnreadable

LARGEST_BYTES = 64 << 10
DEEPEST = 8
"""Lists and maps within each other; a specification has three."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Place: TypeAlias = "tuple[int | str, ...]"

# The core schema of YAML 1.2 (§10.3.2). Of YAML 1.1, which PyYAML reads by itself, nothing is taken:
# there `no` is false, 2024-12-31 a date and 010 eight.
_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?(?:[eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Document:
    """What a text says, and on which line each part of it begins, counted from one."""

    value: Plain
    lines: Mapping[Place, int]

    def line_of(self, place: Place) -> int:
        """The line of a place, or of the nearest one around it that was written."""
        return next(self.lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self.lines)


def read_document(data: bytes) -> Document:
    """The one document of a text in YAML, of which JSON is a part.

    Anchors, tags and keys that are no plain words are refused. Raises SpecificationUnreadable with a code
    and, where it is known, the line: not-text, too-large, not-yaml, nothing-in-it, several-documents,
    anchor, tag, key-is-no-word, duplicate-key, too-deep.
    """
    if len(data) > LARGEST_BYTES:
        raise _refused("too-large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("not-text") from None
    if text.lstrip().startswith("{"):
        text = text.replace("\t", " ")  # white space in JSON, which PyYAML does not take
    lines: dict[Place, int] = {}
    try:
        value = _read(yaml.parse(text, Loader=yaml.SafeLoader), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _refused("not-yaml", None if mark is None else mark.line + 1) from None
    except yaml.YAMLError:
        raise _refused("not-yaml") from None
    return Document(value, lines)


def _read(events: Iterator[yaml.Event], lines: dict[Place, int]) -> Plain:
    """The value of the only document."""
    next(events)  # the stream starts
    if not isinstance(next(events), yaml.DocumentStartEvent):
        raise _refused("nothing-in-it")
    value = _value(events, next(events), (), lines)
    next(events)  # the document ends
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise _refused("several-documents", _line(after))
    return value


def _value(events: Iterator[yaml.Event], first: yaml.Event, at: Place, lines: dict[Place, int]) -> Plain:
    """The value that begins with an event; what is within it is taken from the events after."""
    lines.setdefault(at, _line(first))
    _check_plain(first)
    if isinstance(first, yaml.ScalarEvent):
        return _scalar(first)
    if len(at) == DEEPEST:
        raise _refused("too-deep", _line(first))
    within = _entries if isinstance(first, yaml.MappingStartEvent) else _items
    return within(events, at, lines)


def _items(events: Iterator[yaml.Event], at: Place, lines: dict[Place, int]) -> Plain:
    items: list[Plain] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        items.append(_value(events, event, (*at, len(items)), lines))
    return items


def _entries(events: Iterator[yaml.Event], at: Place, lines: dict[Place, int]) -> Plain:
    entries: dict[str, Plain] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        _check_plain(key)
        if not isinstance(key, yaml.ScalarEvent):
            raise _refused("key-is-no-word", _line(key))
        if key.value in entries:
            raise _refused("duplicate-key", _line(key))
        lines[*at, key.value] = _line(key)
        entries[key.value] = _value(events, next(events), (*at, key.value), lines)
    return entries


def _check_plain(event: yaml.Event) -> None:
    """Raise SpecificationUnreadable for what names or repeats another part, or asks for a kind of its own."""
    if getattr(event, "anchor", None) is not None:  # aliases have one too
        raise _refused("anchor", _line(event))
    if getattr(event, "tag", None) is not None:
        raise _refused("tag", _line(event))


def _scalar(event: yaml.ScalarEvent) -> Plain:
    """A number or a word of the core schema where nothing is quoted, else the text."""
    said: str = event.value
    if not event.implicit[0]:
        return said
    if said in _WORDS:
        return _WORDS[said]
    if _WHOLE.fullmatch(said):
        return int(said)
    return float(said) if _DECIMAL.fullmatch(said) else said


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None  # every event that was parsed has one
    return event.start_mark.line + 1


def _refused(code: str, line: int | None = None) -> SpecificationUnreadable:
    where = {} if line is None else {"line": str(line)}
    return SpecificationUnreadable(faults=[{"pointer": "", "code": code, **where}])
