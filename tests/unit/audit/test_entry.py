from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.audit.canonical import canonical, parse
from service.audit.entry import Entry, NotAnEntry, commitment, entry_leaf, is_name, moment
from service.audit.tree import leaf_hash
from service.audit.vocabulary import COUNTS, DIGESTS, NAMES, Action, Outcome


def an_entry(**changes: object) -> Entry:
    entry = Entry(
        entry_id="019789ab-0000-7000-8000-000000000000",
        at="2026-05-01T09:00:00.000000Z",
        action=Action.SUBMISSION_RECEIVE,
        actor="north-trust",
        subject="submission-1",
        project="cancer-audit",
        detail={"bytes": 12, "manifest_sha256": "0" * 64, "kind": "crosswalk"},
    )
    return dataclasses.replace(entry, **changes)  # type: ignore[arg-type]  # wrong values are the point


def test_an_entry_is_committed_to_as_one_text() -> None:
    assert an_entry().to_canonical() == (
        b'{"action":"submission:receive","actor":"north-trust","at":"2026-05-01T09:00:00.000000Z",'
        b'"detail":{"bytes":12,"kind":"crosswalk","manifest_sha256":"' + b"0" * 64 + b'"},'
        b'"entry_id":"019789ab-0000-7000-8000-000000000000","outcome":"done","project":"cancer-audit",'
        b'"subject":"submission-1"}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Jane Smith"},
        {"actor": ""},
        {"project": "two words"},
        {"entry_id": "x" * 201},
        {"at": "2026-05-01T09:00:00Z"},
        {"at": "2026-13-01T09:00:00.000000Z"},
        {"at": 7},
        {"detail": {"name": "north"}},
        {"detail": {"kind": "a sentence about somebody"}},
        {"detail": {"kind": 1}},
        {"detail": {"rows": "12"}},
        {"detail": {"rows": -1}},
        {"detail": {"rows": True}},
        {"detail": {"table_sha256": "0" * 63}},
        {"detail": {"table_sha256": "A" * 64}},
    ],
)
def test_words_that_could_be_a_value_of_a_record_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(NotAnEntry):
        an_entry(**changes)


def test_a_refused_detail_is_named_but_its_value_is_not_shown() -> None:
    with pytest.raises(NotAnEntry, match="kind") as refused:
        an_entry(detail={"kind": "943 476 5919"})
    assert "943" not in str(refused.value)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {"action": "query:ask"},
        {**parse(an_entry().to_canonical()), "action": "query:steal"},  # type: ignore[dict-item]  # a mapping
        {**parse(an_entry().to_canonical()), "outcome": "maybe"},  # type: ignore[dict-item]  # a mapping
        {**parse(an_entry().to_canonical()), "detail": []},  # type: ignore[dict-item]  # a mapping
        {**parse(an_entry().to_canonical()), "extra": 1},  # type: ignore[dict-item]  # a mapping
    ],
)
def test_a_text_of_other_fields_is_no_entry(fields: object) -> None:
    with pytest.raises(NotAnEntry):
        Entry.from_canonical(canonical(fields))


def test_a_text_in_another_spelling_is_no_entry() -> None:
    with pytest.raises(NotAnEntry, match="canonical spelling"):
        Entry.from_canonical(an_entry().to_canonical().replace(b",", b", "))


def test_the_same_entry_under_another_salt_has_another_leaf() -> None:
    text = an_entry().to_canonical()
    one, other = entry_leaf(bytes(16), text), entry_leaf(b"\x01" * 16, text)
    assert one != other
    assert one == leaf_hash(commitment(bytes(16), text))
    with pytest.raises(NotAnEntry):
        commitment(bytes(15), text)


def test_moments_are_written_in_utc() -> None:
    summer = datetime(2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert moment(summer) == moment(summer.astimezone(UTC)) == "2026-07-01T09:30:00.000000Z"


def test_every_act_is_a_subject_and_a_verb() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)?:[a-z]+", action) for action in Action)
    assert len(Action) >= 45
    assert {outcome.value for outcome in Outcome} == {"done", "refused", "failed"}


def test_detail_keys_have_one_shape_each() -> None:
    assert len(COUNTS | DIGESTS | NAMES) == len(COUNTS) + len(DIGESTS) + len(NAMES)


@pytest.mark.parametrize(
    "text", ["north-trust", "10.1.2.3", "2001:db8::1", "/projects/{project_id}", "a_b+c"]
)
def test_ids_addresses_and_routes_are_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", "two words", "é", "line\nbreak", "<b>", "-x", None, 3])
def test_anything_else_is_no_name(text: object) -> None:
    assert not is_name(text)
