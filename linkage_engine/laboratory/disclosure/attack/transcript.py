"""What one attacker asked and was told, kept for the scorers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.answer import Answer, Service
from linkage_engine.laboratory.disclosure.attack.bits import Heard
from linkage_engine.laboratory.disclosure.attack.cohort import Register, Secret
from linkage_engine.laboratory.disclosure.attack.question import Question, cells_of
from linkage_engine.laboratory.disclosure.attack.strategies.moves import FEW, Kind, Move, Strategy

Group = frozenset[int]


@dataclass
class Transcript:
    """Questions by what became of them, cells told, and the small groups that were asked of or aimed at."""

    answered: int = 0
    refused: int = 0
    hidden_cells: int = 0
    seconds: float = 0.0
    heard: dict[tuple[Secret, bytes], Heard] = field(default_factory=dict)
    listed: set[Group] = field(default_factory=set)
    aims: set[Group] = field(default_factory=set)

    @property
    def told(self) -> Iterator[Persons]:
        """The people of every told cell."""
        return (each.people for each in self.heard.values())


def attack(
    kind: Kind, service: Service, register: Register, *, questions: int, random: np.random.Generator
) -> Transcript:
    """Let an attacker of a kind ask so many questions, or until it has no more."""
    found, started = Transcript(), time.perf_counter()
    for move, answer in islice(_played(kind(register, random, questions), service), questions):
        _keep(found, move, answer, service, register)
    found.seconds = time.perf_counter() - started
    return found


def _played(strategy: Strategy, service: Service) -> Iterator[tuple[Move, Answer | None]]:
    """Every move with what it was answered."""
    try:
        move = next(strategy)
        while True:
            answer = service.ask(move.question)
            yield move, answer
            move = strategy.send(answer)
    except StopIteration:
        return


def _keep(found: Transcript, move: Move, answer: Answer | None, service: Service, register: Register) -> None:
    found.aims |= {frozenset(each.tolist()) for each in move.aims}
    cells = [people for _, people in cells_of(move.question, register)]
    found.listed |= {frozenset(each.tolist()) for each in cells if 0 < each.size < FEW}
    if answer is None:
        found.refused += 1
        return
    found.answered += 1
    found.hidden_cells += sum(
        each.size > 0 and not is_told for each, is_told in zip(cells, answer.is_told.tolist(), strict=True)
    )
    for place in np.flatnonzero(answer.is_told).tolist():
        _hear(found, move.question, cells[place], answer, place, service)


def _hear(
    found: Transcript, question: Question, people: Persons, answer: Answer, place: int, service: Service
) -> None:
    key = (question.about, people.tobytes())
    if key not in found.heard:
        values, statuses = answer.values[place, 1:], answer.statuses[place, 1:]
        found.heard[key] = Heard(
            question.about, people, service.meaning(question.about, people.size, values, statuses)
        )
