"""Time and identifiers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.clock import new_id, utc_now


def test_the_clock_of_production_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # limits


@given(moment=MOMENTS, noise=st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(moment: datetime, noise: bytes) -> None:
    made = uuid.UUID(new_id(lambda: moment, lambda _: noise))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(moment.timestamp() * 1000)


@given(a=MOMENTS, b=MOMENTS)
def test_ids_sort_by_time(a: datetime, b: datetime) -> None:
    first, second = (new_id(lambda m=m: m, bytes) for m in sorted((a, b)))  # type: ignore[misc]
    assert first <= second


def test_the_example_of_rfc_9562() -> None:
    """RFC 9562, A.6: 2022-02-22T19:22:22Z, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    moment = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    noise = (0xCC3 << 62 | 0x18C4DC0C0C07398F) << 6
    made = new_id(lambda: moment, lambda size: noise.to_bytes(size, "big"))
    assert made == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ten_random_bytes_are_asked_for() -> None:
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    new_id(utc_now, random)
    assert asked == [10]
