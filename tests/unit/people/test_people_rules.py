"""Codes, challenges and attempts: each is accepted once, about now, and never too often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.keys import PeopleKey
from service.people.rules import (
    CHALLENGE_SECONDS,
    accepted_step,
    code_at,
    is_challenge,
    new_challenge,
)
from service.web.once import Once
from service.web.throttle import WINDOW_SECONDS, Throttle
from tests.factories import NOON, Chance, Watch

RFC_6238 = b"12345678901234567890"
NOW_STEP = int(NOON.timestamp()) // 30
KEY = PeopleKey(b"k" * 32)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B gives eight digits; six are the last six of them."""
    assert code_at(RFC_6238, seconds // 30) == code


@pytest.mark.parametrize(
    ("apart", "accepted"), [(-4, False), (-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_serves_half_a_minute_off_and_no_more(apart: int, *, accepted: bool) -> None:
    code = code_at(RFC_6238, NOW_STEP + apart)
    step = accepted_step(RFC_6238, code, now=NOON, last=0)
    assert step == (NOW_STEP + apart if accepted else None)


def test_a_code_that_was_used_and_those_before_it_serve_no_more() -> None:
    for apart in (-1, 0):
        code = code_at(RFC_6238, NOW_STEP + apart)
        assert accepted_step(RFC_6238, code, now=NOON, last=NOW_STEP) is None
    assert accepted_step(RFC_6238, code_at(RFC_6238, NOW_STEP + 1), now=NOON, last=NOW_STEP) == NOW_STEP + 1


@given(code=st.text(max_size=12))
def test_any_text_is_a_code_or_none(code: str) -> None:
    right = {code_at(RFC_6238, NOW_STEP + apart) for apart in (-1, 0, 1)}
    assert (accepted_step(RFC_6238, code, now=NOON, last=0) is not None) == (code in right)


def test_a_challenge_is_answered_once_in_time_and_for_its_purpose() -> None:
    watch, once = Watch(), Once(NOON)

    def made() -> bytes:
        return new_challenge(KEY, "sign-in", now=watch(), random=chance)

    def accepted(challenge: bytes, key: PeopleKey = KEY, purpose: str = "sign-in") -> bool:
        return is_challenge(challenge, key, purpose, now=watch(), once=once)

    chance = Chance()
    good = made()
    assert not accepted(good, PeopleKey(b"x" * 32))
    assert not accepted(good, purpose="enrol")
    assert accepted(good)
    assert not accepted(good)
    assert not accepted(b"")
    for at in range(0, len(good), 7):
        changed = made()
        assert not accepted(changed[:at] + bytes([changed[at] ^ 1]) + changed[at + 1 :])
    old = made()
    watch.forward(seconds=CHALLENGE_SECONDS)
    assert not accepted(old)
    unanswered = made()
    watch.forward(seconds=2)
    once = Once(watch())
    assert not accepted(unanswered), "what was made before a restart may have been answered before it"


def test_so_many_attempts_and_then_none_until_they_are_over() -> None:
    throttle, watch = Throttle(), Watch()
    assert [throttle.attempt("a", 3, watch()) for _ in range(3)] == [0, 0, 0]
    assert throttle.attempt("a", 3, watch()) == WINDOW_SECONDS
    assert throttle.attempt("b", 3, watch()) == 0
    watch.forward(seconds=WINDOW_SECONDS - 1)
    assert throttle.attempt("a", 3, watch()) == 1
    watch.forward(seconds=1)
    assert throttle.attempt("a", 3, watch()) == 0
    assert len(throttle) == 1
    throttle.forget("a")
    assert len(throttle) == 0


def test_the_key_shows_nothing_and_serves_each_purpose_apart() -> None:
    assert repr(KEY) == "PeopleKey()"
    assert KEY.mac("a", b"message") != KEY.mac("b", b"message")
