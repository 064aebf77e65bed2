"""Answering in batches: what comes while a batch is answered waits, and is answered together.

One thread at a time answers, so that requests do not hinder one another, and what all of a batch need is
done once for all of them. The fuller the service, the larger the batches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

A = TypeVar("A")
Q = TypeVar("Q")
PATIENCE_SECONDS = 0.025
"""A batch that takes longer is overtaken by the next, so that nobody waits long for others' long answers."""
MOST_AT_ONCE = 4
"""Batches; more of them would only take time from each other."""
MOST_TOGETHER = 32
"""Questions of a batch: what they share is done after the last of them."""


class Batches(Generic[Q, A]):
    """Questions of many requests, answered together by a function that a thread runs.

    The function gives for each question its answer or why there is none, in their order; where it raises
    something, that is raised for all. Everything else here is done by the event loop.
    """

    def __init__(self, answer_all: Callable[[Sequence[Q]], Sequence[A | Exception]]) -> None:
        self._answer_all = answer_all
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._answering: set[asyncio.Task[None]] = set()
        self._began = 0.0

    async def answer(self, question: Q) -> A:
        """The answer to a question; raises why there is none."""
        told: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, told))
        self._begin()
        return await told

    def _begin(self) -> None:
        """Begin a batch, unless there is one that has only just begun, or too many."""
        loop = asyncio.get_running_loop()
        overdue = loop.time() - self._began >= PATIENCE_SECONDS
        if not self._waiting or len(self._answering) >= (MOST_AT_ONCE if overdue else 1):
            return
        self._began = loop.time()
        batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        task = loop.create_task(self._answer(batch))
        self._answering.add(task)
        task.add_done_callback(self._end)
        loop.call_later(PATIENCE_SECONDS, self._begin)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self._begin()

    async def _answer(self, batch: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        answers: Sequence[A | Exception]
        try:
            answers = await run_in_threadpool(self._answer_all, [question for question, _ in batch])
        except Exception as fault:  # noqa: BLE001  # raised again, for each that waits
            answers = [fault] * len(batch)
        for (_, told), answer in zip(batch, answers, strict=True):
            if told.done():
                continue  # who asked has gone
            if isinstance(answer, Exception):
                told.set_exception(answer)
            else:
                told.set_result(answer)
