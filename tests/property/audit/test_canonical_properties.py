"""Canonical JSON against the rfc8785 package, and every text's round trip."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from service.audit.canonical import SAFE_INTEGER, NotCanonical, canonical, parse
from service.audit.entry import Entry, moment
from service.audit.vocabulary import COUNTS, DIGESTS, NAMES, Action, Outcome

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
SCALARS = st.none() | st.booleans() | st.integers(-SAFE_INTEGER, SAFE_INTEGER) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)

NAME = st.from_regex(r"[A-Za-z0-9_/][A-Za-z0-9_.:/+{}-]{0,60}", fullmatch=True)
DETAIL = st.builds(
    lambda *parts: {key: value for part in parts for key, value in part.items()},
    st.dictionaries(st.sampled_from(sorted(COUNTS)), st.integers(0, SAFE_INTEGER)),
    st.dictionaries(st.sampled_from(sorted(DIGESTS)), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    st.dictionaries(st.sampled_from(sorted(NAMES)), NAME),
)
ENTRIES = st.builds(
    Entry,
    entry_id=NAME,
    at=st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)).map(moment),  # noqa: DTZ001  # bounds only
    action=st.sampled_from(Action),
    actor=NAME,
    subject=NAME,
    project=st.none() | NAME,
    outcome=st.sampled_from(Outcome),
    detail=DETAIL,
)


@given(VALUES)
def test_the_text_is_that_of_the_rfc8785_package(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # any JSON value


@given(VALUES)
def test_a_canonical_text_gives_its_value_back(value: object) -> None:
    assert parse(canonical(value)) == value


@given(VALUES)
def test_every_other_spelling_is_refused(value: object) -> None:
    spaced = json.dumps({"a": value}, sort_keys=True, indent=1).encode()
    with pytest.raises(NotCanonical):
        parse(spaced)


@given(ENTRIES)
def test_an_entry_survives_its_text(entry: Entry) -> None:
    assert Entry.from_canonical(entry.to_canonical()) == entry


@pytest.mark.parametrize(
    "value", [0.5, float("nan"), SAFE_INTEGER + 1, {"é": 1}, {1: 1}, "\ud800", {"a": {1, 2}}, b"bytes"]
)
def test_what_has_no_canonical_text_here_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b"1.0",
        b"1e3",
        b"NaN",
        b'"\xff"',
        b"[" * 30_000,
        b"9" * 5000,
    ],
)
def test_a_text_that_is_not_canonical_json_is_refused(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse(text)
