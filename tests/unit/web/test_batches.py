"""Questions that are answered together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from service.web import batches as batches_of_looks
from service.web.batches import MOST_AT_ONCE, MOST_TOGETHER, Batches


class Answering:
    """Answers with the question; remembers which questions came together."""

    def __init__(self, before: Callable[[Sequence[int]], object] = len) -> None:
        self.batches: list[list[int]] = []
        self._before = before

    def __call__(self, questions: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(questions))
        self._before(questions)
        return [LookupError(each) if each < 0 else each for each in questions]


async def asked(batches: Batches[int, int], questions: Sequence[int]) -> list[int | BaseException]:
    return await asyncio.gather(*map(batches.answer, questions), return_exceptions=True)


def test_each_gets_the_answer_to_its_own_question() -> None:
    answering = Answering()
    assert asyncio.run(asked(Batches(answering), range(100))) == list(range(100))


def test_what_comes_meanwhile_waits_and_is_answered_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches_of_looks, "PATIENCE_SECONDS", 60.0)  # a busy machine lets nothing overtake
    gate, answering = threading.Event(), Answering(lambda _: gate.wait(5))

    async def story() -> None:
        batches = Batches(answering)
        first = asyncio.create_task(batches.answer(0))
        await asyncio.sleep(0)
        others = asyncio.create_task(asked(batches, range(1, MOST_TOGETHER + 3)))
        for _ in range(5):  # until all of them wait
            await asyncio.sleep(0)
        gate.set()
        await first
        await others

    asyncio.run(story())
    assert [len(batch) for batch in answering.batches] == [1, MOST_TOGETHER, 2]


def test_a_long_batch_is_overtaken_by_so_many_and_no_more() -> None:
    gate, answering = threading.Event(), Answering(lambda questions: 0 in questions and gate.wait(5))

    async def story() -> list[int]:
        batches = Batches(answering)
        long = [asyncio.create_task(batches.answer(0))]
        for _ in range(MOST_AT_ONCE - 2):
            await asyncio.sleep(0.05)
            long.append(asyncio.create_task(batches.answer(0)))
        overtaking = await asyncio.wait_for(batches.answer(7), 5)
        long.append(asyncio.create_task(batches.answer(0)))
        await asyncio.sleep(0.1)
        late = asyncio.create_task(batches.answer(8))
        await asyncio.sleep(0.1)
        assert not late.done()
        gate.set()
        return [overtaking, await late, *await asyncio.gather(*long)]

    assert asyncio.run(story()) == [7, 8, *[0] * MOST_AT_ONCE]


def test_one_that_fails_fails_alone() -> None:
    answers = asyncio.run(asked(Batches(Answering()), [1, -2, 3]))
    assert [answer if isinstance(answer, int) else str(answer) for answer in answers] == [1, "-2", 3]


def test_what_fails_for_all_is_told_to_all_and_the_next_are_answered() -> None:
    faults = [OSError("no room")]

    def fail(_: Sequence[int]) -> None:
        if faults:
            raise faults.pop()

    async def story() -> tuple[list[int | BaseException], int]:
        batches = Batches(Answering(fail))
        return await asked(batches, [1]), await batches.answer(4)

    [refused], answered = asyncio.run(story())
    assert isinstance(refused, OSError)
    assert answered == 4


def test_who_has_gone_keeps_nobody_waiting() -> None:
    gate, answering = threading.Event(), Answering(lambda _: gate.wait(5))

    async def story() -> int:
        batches = Batches(answering)
        gone = asyncio.create_task(batches.answer(1))
        await asyncio.sleep(0)
        gone.cancel()
        stays = asyncio.create_task(batches.answer(2))
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(story()) == 2
