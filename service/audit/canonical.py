"""Canonical JSON (RFC 8785) for values without fractions: one value, one text.

The log needs no fractions and only ASCII keys. For those, sorted keys without spaces are
RFC 8785, so that an auditor needs nothing but the standard library. Canonical texts of
anything else are refused rather than approximated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

SAFE_INTEGER = 2**53 - 1
"""RFC 8785 §3.2.2.3: numbers are IEEE 754 doubles, whole up to here."""


class NotCanonical(ValueError):
    """A value or a text outside the canonical JSON that the log is written in."""


def canonical(value: object) -> bytes:
    """The one text of a value: strings, whole numbers, booleans, null, lists and mappings.

    Raises NotCanonical for fractions, integers beyond 2^53 - 1, keys that are not ASCII
    and strings that are not Unicode text.
    """
    try:
        for part in _parts(value):
            _check(part)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (RecursionError, UnicodeEncodeError):
        raise NotCanonical("too deep, or not Unicode text") from None


def parse(text: bytes) -> object:
    """The value of a canonical text; raises NotCanonical when it is any other spelling.

    Parsing, writing again and comparing refuses repeated keys, spaces and other
    spellings at once, so that two readers never see two things in one text.
    """
    try:
        value: object = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise NotCanonical("not JSON") from None
    if canonical(value) != text:
        raise NotCanonical("JSON, but not in its canonical spelling")
    return value


def _parts(value: object) -> Iterator[object]:
    """The value and everything in it; keys are checked here."""
    yield value
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            # §3.2.3 sorts by UTF-16 code units; for ASCII that is the order of Python.
            raise NotCanonical("a key that is not ASCII text")
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _parts(part)


def _check(part: object) -> None:
    if part is None or isinstance(part, str | bool | dict | list | tuple):
        return
    if not isinstance(part, int):
        raise NotCanonical("only strings, whole numbers, booleans, null, lists and mappings")
    if abs(part) > SAFE_INTEGER:
        raise NotCanonical("an integer beyond 2^53 - 1")
