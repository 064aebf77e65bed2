"""Answering in one thread: the framework's handler of a request that waits for nothing, run to its end.

A route whose function is not a coroutine is run by the framework in a thread of its own, each of its
dependencies in another, and each change of thread costs as much as a look at the database.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")


class Waits(RuntimeError):
    """A coroutine that was to run to its end without waiting waits for something."""


def as_coroutine(function: Callable[..., T]) -> Callable[..., Coroutine[Any, Any, T]]:
    """The function as a coroutine that waits for nothing: the framework then runs it where it is."""

    @wraps(function)
    async def coroutine(*given: object, **named: object) -> T:
        return function(*given, **named)

    return coroutine


def run_through(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that waits for nothing returns, in the thread that asks; raises Waits for others."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        returned: T = end.value
        return returned
    coroutine.close()
    raise Waits
