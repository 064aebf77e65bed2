"""Every kind of attacker against a running installation, scored by what the linked records say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

import numpy as np

from linkage_engine.contract.query_spec import query_spec
from linkage_engine.disclosure.history.sets import Flags
from linkage_engine.laboratory.disclosure.attack.over_http.installation import Installation
from linkage_engine.laboratory.disclosure.attack.over_http.kinds import KINDS, prevalence
from linkage_engine.laboratory.disclosure.attack.over_http.score import (
    Exchange,
    Exchanges,
    balanced_accuracy,
)
from linkage_engine.laboratory.disclosure.attack.over_http.truth import Truth

TOGETHER = "together"
REFERENCE_DAY = date(2024, 12, 31)
"""Who has had a cancer is asked of this day."""


@dataclass(frozen=True, slots=True)
class HttpEvaluation:
    """The figures of one kind, or of all questions of a run together; field names are its JSON keys.

    Groups are those of fewer than ten people that tables listed or that two told cells make; unlisted ones
    other unions of sorts. Accuracies are balanced: 0.5 is nothing learnt. Earlier releases of the project
    are not in the figures, though the service remembers them.
    """

    kind: str
    questions: int
    answered: int
    refused: int
    refusals: dict[str, int]
    preflights: int
    hidden_cells: int
    numbers_told: int
    rank: int
    determined_groups: int
    determined_persons: int
    determined_unlisted: int
    determined_unlisted_larger: int
    determined_threshold_only: int
    accuracy: float
    accuracy_of_first_table: float
    accuracy_threshold_only: float
    seconds: float

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return asdict(self)


@dataclass
class Asked:
    """What one attacker asked, or all of them."""

    exchanges: Exchanges = field(default_factory=Exchanges)
    refusals: Counter[str] = field(default_factory=Counter)
    preflights: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: Asked) -> None:
        """Everything of another too."""
        self.exchanges.all += other.exchanges.all
        self.refusals += other.refusals
        self.preflights += other.preflights
        self.seconds += other.seconds


def evaluate_over_http(
    installation: Installation, truth: Truth, *, kinds: Sequence[str], questions: int, seed: int
) -> Iterator[HttpEvaluation]:
    """One kind after the other, then all of them together: the service has seen them all.

    Raises StepFailed where the service does not know who asks, is not there or takes no more questions.
    """
    together = Asked()
    for name in kinds:
        random = np.random.default_rng([seed, list(KINDS).index(name)])
        asked = attack_over_http(name, installation, truth, questions=questions, random=random)
        yield _figures(name, asked, truth, seed)
        together.add(asked)
    if len(kinds) > 1:
        yield _figures(TOGETHER, together, truth, seed)


def attack_over_http(
    kind: str, installation: Installation, truth: Truth, *, questions: int, random: np.random.Generator
) -> Asked:
    """Let a kind ask so many questions; a pre-flight is one."""
    found, started = Asked(), time.perf_counter()
    strategy = KINDS[kind](random)
    move = next(strategy)
    for _ in range(questions):
        if move.foresee:
            found.preflights[installation.foresee(move.question)] += 1
            move = strategy.send(False)
            continue
        reply = installation.ask(move.question)
        whole = {"specification": 1, "project_id": installation.project_id, **move.question}
        behind = truth.behind(query_spec(whole))
        found.exchanges.all.append(Exchange(move.question, behind, reply.rows))
        if reply.rows is None:
            found.refusals[reply.code] += 1
        move = strategy.send(reply.rows is not None)
    found.seconds = time.perf_counter() - started
    return found


def _figures(name: str, asked: Asked, truth: Truth, seed: int) -> HttpEvaluation:
    exchanges, random = asked.exchanges, np.random.default_rng(seed)
    follows = exchanges.determined(truth.persons, random)
    weak = exchanges.determined_by_a_threshold(truth.persons, random)
    whom, has = _with_a_cancer(truth)
    first = Exchanges(exchanges.all[:1])
    return HttpEvaluation(
        kind=name,
        questions=len(exchanges.all) + asked.preflights.total(),
        answered=len(exchanges.all) - asked.refusals.total(),
        refused=asked.refusals.total(),
        refusals=dict(asked.refusals),
        preflights=asked.preflights.total(),
        hidden_cells=sum(each.hidden for each in exchanges.all),
        numbers_told=sum(each.numbers_told for each in exchanges.all),
        rank=follows.rank,
        determined_groups=follows.groups,
        determined_persons=follows.persons,
        determined_unlisted=follows.unlisted,
        determined_unlisted_larger=follows.unlisted_larger,
        determined_threshold_only=weak.groups + weak.persons,
        accuracy=balanced_accuracy(exchanges.heard(), has, whom),
        accuracy_of_first_table=balanced_accuracy(first.heard(), has, whom),
        accuracy_threshold_only=balanced_accuracy(exchanges.heard(exact=True), has, whom),
        seconds=asked.seconds,
    )


def _with_a_cancer(truth: Truth) -> tuple[Flags, Flags]:
    """Who is registered and alive on the reference day, and who of them has had a cancer."""
    whole = {"specification": 1, "project_id": "anybody", **prevalence(REFERENCE_DAY, ())}
    cell = truth.behind(query_spec(whole))[()]
    whom, has = np.zeros((2, truth.persons), dtype=np.bool_)
    whom[sorted(cell.people)] = True
    has[sorted(cell.counted)] = True
    return whom, has
