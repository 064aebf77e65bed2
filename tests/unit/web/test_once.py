"""Names count once, for as long as they would be believed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.web.once import Once
from tests.factories import NOON


def test_a_name_is_new_once_until_its_time_is_over() -> None:
    once, until = Once(NOON), NOON.timestamp() + 90
    assert [once.is_new(b"a", now=NOON, until=until) for _ in range(3)] == [True, False, False]
    assert once.is_new(b"b", now=NOON, until=until)
    assert not once.is_new(b"a", now=NOON + timedelta(seconds=90), until=until)
    assert once.is_new(b"c", now=NOON + timedelta(seconds=91), until=until + 91)
    assert len(once) == 1


def test_of_many_at_once_one_is_new() -> None:
    once = Once(NOON)
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: once.is_new(b"a", now=NOON, until=NOON.timestamp()), range(200)))
    assert sum(told) == 1
