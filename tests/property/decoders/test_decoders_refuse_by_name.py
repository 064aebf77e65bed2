"""Whatever bytes come in, a decoder returns a value or refuses by its own name: never another fault."""

from __future__ import annotations

import contextlib
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.decoders.decoders import DECODERS, Decoder

BY_NAME = {decoder.name: decoder for decoder in DECODERS}
SLOW = 20
"""Examples of those that open a database or unpack an archive for each."""
EXAMPLES = {"extract": SLOW, "bundle": SLOW, "release package": SLOW}


@cache
def seeds_of(name: str) -> tuple[bytes, ...]:
    return tuple(BY_NAME[name].seeds())


@st.composite
def changed(draw: st.DrawFn, seed: bytes) -> bytes:
    """The seed with some places overwritten, cut out or doubled."""
    data = seed
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 16)))
        data = (
            data[:at] + draw(st.sampled_from([b"", data[at:end] * 2]) | st.binary(max_size=16)) + data[end:]
        )
    return data


def read(decoder: Decoder, data: bytes) -> None:
    with contextlib.suppress(*decoder.refusals):
        decoder.read(data)


@pytest.mark.parametrize("name", BY_NAME)
def test_any_bytes_are_a_value_or_a_named_refusal(name: str) -> None:
    decoder, seeds = BY_NAME[name], seeds_of(name)
    inputs = st.binary(max_size=300)
    for seed in seeds:
        inputs |= changed(seed)
    examples = settings()
    few = min(examples.max_examples, EXAMPLES.get(name, examples.max_examples))

    @settings(examples, max_examples=few, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def holds(data: bytes) -> None:
        read(decoder, data)

    holds()


@pytest.mark.parametrize("name", BY_NAME)
def test_each_search_begins_with_something_that_is_read(name: str) -> None:
    assert seeds_of(name)
    for seed in seeds_of(name):
        BY_NAME[name].read(seed)
