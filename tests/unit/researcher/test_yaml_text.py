"""YAML and JSON, read with care."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.problems.results import SpecificationUnreadable
from service.researcher.yaml_text import DEEPEST, LARGEST_BYTES, read_document


def fault_of(text: bytes) -> dict[str, str]:
    with pytest.raises(SpecificationUnreadable) as refused:
        read_document(text)
    faults = refused.value.as_json()["faults"]
    assert isinstance(faults, list)
    [fault] = faults
    assert isinstance(fault, dict)
    return fault


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("2024-12-31", "2024-12-31"),
        ("12:30:45", "12:30:45"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("=", "="),
        ("<<", "<<"),
        ("true", True),
        ("'true'", "true"),
        ("'21'", "21"),
        ("~", None),
        ("", None),
        ("-12", -12),
        ("0", 0),
        ("1.5", 1.5),
        ("2e3", 2000.0),
        ("9" * 400, "9" * 400),
        ("21 # years", 21),
        ("[a, b]", ["a", "b"]),
    ],
)
def test_a_value_is_what_yaml_1_2_says_it_is(written: str, value: object) -> None:
    assert read_document(f"key: {written}\n".encode()).value == {"key": value}


def test_keys_are_words_whatever_they_look_like() -> None:
    assert read_document(b"on: 1\n1: 2\nnull: 3\n").value == {"on": 1, "1": 2, "null": 3}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"\xff\xfe\x00", {"code": "not-text"}),
        (b"#" * (LARGEST_BYTES + 1), {"code": "too-large"}),
        (b"a: 1\n\tb: 2", {"code": "not-yaml", "line": "2"}),
        (b"a: [1,\n2", {"code": "not-yaml", "line": "2"}),
        (b"a: \x01", {"code": "not-yaml"}),
        (b"", {"code": "nothing-in-it"}),
        (b"# nothing\n", {"code": "nothing-in-it"}),
        (b"a: 1\n---\nb: 2\n", {"code": "several-documents", "line": "2"}),
        (b"a: &x 1\nb: *x\n", {"code": "anchor", "line": "1"}),
        (b"a: 1\nb: *x\n", {"code": "anchor", "line": "2"}),
        (b"a: 1\n&x b: 2\n", {"code": "anchor", "line": "2"}),
        (b"a: !!python/name:os.system x\n", {"code": "tag", "line": "1"}),
        (b"a: !!set {b}\n", {"code": "tag", "line": "1"}),
        (b"a: 1\n? [b]\n: 2\n", {"code": "key-is-no-word", "line": "2"}),
        (b"a: 1\nb: 2\na: 3\n", {"code": "duplicate-key", "line": "3"}),
        (b'{"a": 1,\n "a": 2}', {"code": "duplicate-key", "line": "2"}),
        (b"[" * (DEEPEST + 1), {"code": "too-deep", "line": "1"}),
        (b"[" * LARGEST_BYTES, {"code": "too-deep", "line": "1"}),
    ],
)
def test_what_could_be_read_in_two_ways_or_not_at_all_is_refused_with_its_line(
    text: bytes, fault: dict[str, str]
) -> None:
    assert fault_of(text) == {"pointer": "", **fault}


def test_a_place_has_the_line_on_which_its_key_stands_or_what_is_around_it() -> None:
    document = read_document(b"# a comment\nparameters:\n  days:\n    456\n  events:\n    - a\n    - b\n")
    places = [(), ("parameters",), ("parameters", "days"), ("parameters", "events", 1)]
    assert [document.line_of(place) for place in places] == [2, 2, 3, 7]
    assert document.line_of(("parameters", "not written", 3)) == 2


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text("abc \"\\/:#-é'{}[],&*!|>%@`"),
    lambda within: (
        st.lists(within, max_size=3) | st.dictionaries(st.text("ab:", max_size=3), within, max_size=3)
    ),
    max_leaves=6,
)


@given(PLAIN, st.sampled_from([None, 2, "\t"]))
def test_json_is_read_as_json(value: object, indent: int | str | None) -> None:
    text = json.dumps({"value": value}, indent=indent)
    assert read_document(text.encode()).value == {"value": value}
