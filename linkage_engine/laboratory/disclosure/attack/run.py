"""Every kind of attacker against a threshold alone and against the shipped control, scored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from linkage_engine.catalogue.policies import policy_text
from linkage_engine.disclosure.policy import Policy
from linkage_engine.laboratory.disclosure.attack.answer import Service
from linkage_engine.laboratory.disclosure.attack.cohort import Cohort, made_up
from linkage_engine.laboratory.disclosure.attack.kinds import KINDS
from linkage_engine.laboratory.disclosure.attack.score import Score, score
from linkage_engine.laboratory.disclosure.attack.services import (
    Controlled,
    Decides,
    ThresholdOnly,
    remembering,
)
from linkage_engine.laboratory.disclosure.attack.transcript import Transcript, attack

POLICY = "nhs-cancer-default"
OVER_BUDGET = ("checker", "refuse")
"""What becomes of questions over the budget: checkers look at them and let all pass, or they are refused."""
_COHORT, _ATTACKER, _GATE, _SCORER = range(4)


@dataclass(frozen=True, slots=True)
class AttackEvaluation:
    """The figures of one kind under one way with questions over the budget; field names are its JSON keys.

    `over_budget` is `checker` (answered: a checker would look) or `refuse` (the budget stops there).
    Groups are those that tables listed, that attackers were after or that two told sets make; unlisted ones
    are other unions of up to four sorts of people, all of them, and of more, as far as they were found.
    Accuracies are of those whom the attacker was after alone, and of everybody; 0.5 is nothing learnt.
    """

    kind: str
    over_budget: str
    questions: int
    answered: int
    refused: int
    hidden_cells: int
    rank: int
    aims: int
    determined_groups: int
    determined_persons: int
    determined_unlisted: int
    determined_unlisted_larger: int
    bit_accuracy: float
    bit_accuracy_of_all: float
    aims_determined_threshold_only: float
    bit_accuracy_threshold_only: float
    bit_accuracy_of_all_threshold_only: float
    seconds: float

    @property
    def attacker_strength(self) -> float:
        """How well the attacker does against a threshold alone, whichever its kind is after."""
        return max(
            self.aims_determined_threshold_only,
            self.bit_accuracy_threshold_only,
            self.bit_accuracy_of_all_threshold_only,
        )

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return asdict(self) | {"attacker_strength": self.attacker_strength}


@dataclass(frozen=True)
class Asked:
    """Which kinds, how many questions each, over how many people, and from which seed."""

    kinds: Sequence[str] = tuple(KINDS)
    questions: int = 2_000
    persons: int = 600
    seed: int = 1
    over_budget: Sequence[str] = OVER_BUDGET

    def random(self, *stream: int) -> np.random.Generator:
        """A stream of chance of its own for each purpose."""
        return np.random.default_rng([self.seed, *stream])

    def cohort(self) -> Cohort:
        """The people under attack, the same for every kind."""
        return made_up(self.persons, self.random(_COHORT))


def evaluate(asked: Asked, *, decides: Decides = remembering) -> Iterator[AttackEvaluation]:
    """One kind after the other, each against fresh services; `decides` may be a broken one."""
    cohort = asked.cohort()
    for name in asked.kinds:
        number = list(KINDS).index(name)
        weak, _ = _against(ThresholdOnly(cohort), cohort, asked, number)
        for way in asked.over_budget:
            chance = asked.random(_GATE, number)
            service = Controlled(cohort, policy_with(way), chance, decides=decides)
            found, transcript = _against(service, cohort, asked, number)
            yield _figures(name, way, found, transcript, weak)


def policy_with(over_budget: str) -> Policy:
    """The shipped policy, with one of two ways with questions over the budget."""
    text = json.loads(policy_text(POLICY))
    text["history"]["over_budget"] = over_budget
    return Policy.from_json(json.dumps(text))


def _against(service: Service, cohort: Cohort, asked: Asked, number: int) -> tuple[Score, Transcript]:
    kind = list(KINDS.values())[number]
    transcript = attack(
        kind,
        service,
        cohort.register,
        questions=asked.questions,
        random=asked.random(_ATTACKER, number),
    )
    search = not isinstance(service, ThresholdOnly)
    return score(cohort, transcript, asked.random(_SCORER, number), search=search), transcript


def _figures(name: str, way: str, found: Score, made: Transcript, weak: Score) -> AttackEvaluation:
    return AttackEvaluation(
        kind=name,
        over_budget=way,
        questions=made.answered + made.refused,
        answered=made.answered,
        refused=made.refused,
        hidden_cells=made.hidden_cells,
        rank=found.rank,
        aims=found.aims,
        determined_groups=found.determined_groups,
        determined_persons=found.determined_persons,
        determined_unlisted=found.unlisted,
        determined_unlisted_larger=found.unlisted_larger,
        bit_accuracy=found.bit_accuracy,
        bit_accuracy_of_all=found.bit_accuracy_of_all,
        aims_determined_threshold_only=weak.aims_determined,
        bit_accuracy_threshold_only=weak.bit_accuracy,
        bit_accuracy_of_all_threshold_only=weak.bit_accuracy_of_all,
        seconds=made.seconds,
    )
