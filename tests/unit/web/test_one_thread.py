"""Coroutines that wait for nothing."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from service.web.one_thread import Waits, as_coroutine, run_through


def test_a_function_is_run_to_its_end_in_the_thread_that_asks() -> None:
    assert run_through(as_coroutine(divmod)(7, 2)) == (3, 1)


def test_what_it_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run_through(as_coroutine(divmod)(7, 0))


def test_what_waits_is_refused_and_ended() -> None:
    coroutine = asyncio.sleep(0)
    with pytest.raises(Waits):
        run_through(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
