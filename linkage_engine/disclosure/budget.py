"""What a table tells of outcomes, and how much of each outcome the project could have learnt with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import TOTAL, PlannedMeasure, Statistic
from linkage_engine.contract.evidence import OutcomeLeverage
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.roles import AskedRoles
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.history.leverage import Leverage, leverage
from linkage_engine.disclosure.history.sets import Floats, PersonSets
from linkage_engine.disclosure.history.told import Telling, Told
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.rounding import ERROR_VARIANCE
from linkage_engine.disclosure.statistics.registry import COMPUTED

Outcomes = Mapping[str, Told]
"""By the name of an outcome what is told of it."""

NO_OBSERVATION = {*COMPUTED, Statistic.EXPECTED}
"""Of the outcome of a part: what is made of numbers beside it, or of other people's rates."""


@dataclass(frozen=True)
class Asked:
    """A question by what its parts do, the data that answer it, and how its numbers are told."""

    roles: AskedRoles
    data_version: str
    policy: Policy

    def outcome(self, measure: PlannedMeasure, labels: Mapping[str, str]) -> str:
        """The outcome that a cell's number is of."""
        part = str(measure.part or measure.variable or measure.statistic)
        chosen = [labels[name] for name in self.roles.dividing if labels[name] != TOTAL]
        return ": ".join([self.roles.outcomes.get(part, part), *chosen])

    def telling(self, measure: PlannedMeasure, labels: Mapping[str, str]) -> Telling:
        """The outcome as it is counted here: everything but the people that could make it another number."""
        counts = self.policy.counts
        way = (
            self.roles.counted_as,
            self.data_version,
            measure.statistic.value,
            counts.mechanism,
            counts.method,
            *(labels[name] for name in self.roles.counting),
        )
        return Telling(
            _digest(self.outcome(measure, labels)),
            _digest(*way),
            ERROR_VARIANCE[counts.method],
        )


def check_roles(exact: ExactTable, roles: AskedRoles) -> None:
    """Whether a table divides people by classifications alone.

    Raises `NotTrusted(HAND_OVER_INVALID)` where parts or dimensions are none of the question's, and
    where a dimension that only chooses what is counted has other people under another label.
    """
    parts = {measure.part for measure in exact.measures} - {None}
    if not {*roles.dividing, *roles.counting} <= set(exact.dimensions) or not roles.outcomes.keys() <= parts:
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    kept = [place for place, name in enumerate(exact.dimensions) if name not in roles.dividing]
    about: dict[tuple[str, ...], bytes] = {}
    for cell in exact.cells:
        people = cell.population.tobytes()
        if about.setdefault(tuple(cell.labels[place] for place in kept), people) != people:
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)


def told_by(exact: ExactTable, over: Mapping[int, int], asked: Asked) -> Outcomes:
    """What a table tells of each outcome; `over` are its told cells with the numbers of their sets.

    A cell counts whatever becomes of its numbers: which are hidden would say something of the outcome.
    """
    found: dict[str, dict[Telling, list[int]]] = {}
    observed = [m for m in exact.measures if m.statistic not in NO_OBSERVATION]
    counted = [measure for measure in observed if measure.statistic is not Statistic.POPULATION]
    for place, number in over.items():
        labels = dict(zip(exact.dimensions, exact.cells[place].labels, strict=True))
        for measure in counted:
            tellings = found.setdefault(asked.outcome(measure, labels), {})
            tellings.setdefault(asked.telling(measure, labels), []).append(number)
    return {
        name: Told({telling: np.unique(numbers) for telling, numbers in tellings.items()})
        for name, tellings in found.items()
    }


def learnt(
    before: Told, new: Outcomes, published: PersonSets, *, generator: np.random.Generator
) -> tuple[OutcomeLeverage, ...]:
    """For each outcome of a table what could be learnt of it with everything told before, most first.

    It depends on who is in the sets and on what was asked, never on a count. Outcomes that were told over
    the same sets equally often are one entry: their figures are the same.
    """
    shares: dict[bytes, Leverage] = {}
    alike: dict[OutcomeLeverage, list[str]] = {}
    for name, told in new.items():
        precision = before.joined(told).precision(_digest(name), len(published))
        key = precision.tobytes()
        if key not in shares:
            shares[key] = _share(published, precision, generator)
        alike.setdefault(_figures(before, told, shares[key], len(published)), []).append(name)
    entries = (figures.model_copy(update={"outcomes": tuple(names)}) for figures, names in alike.items())
    return tuple(sorted(entries, key=lambda each: (-each.mean, -each.top1, each.outcomes)))


def _share(published: PersonSets, precision: Floats, generator: np.random.Generator) -> Leverage:
    """The leverage over everybody of whom the outcome was told, whatever their numbers."""
    known = np.flatnonzero(precision)
    sets = published.take(known)
    whom, numbers = np.unique(sets.members, return_inverse=True)
    among = PersonSets(sets.starts, numbers.astype(np.int32))
    return leverage(among, persons=whom.size, generator=generator, precision=precision[known])


def _figures(before: Told, told: Told, share: Leverage, published: int) -> OutcomeLeverage:
    (outcome,) = {telling.outcome for telling in told.sets}
    others = Told({telling: sets for telling, sets in before.sets.items() if telling not in told.sets})
    here = np.unique(np.concatenate(list(told.sets.values())))
    return OutcomeLeverage(
        outcomes=(),
        sets=int((before.joined(told).observations(outcome, published) > 0).sum()),
        told_otherwise=int((others.observations(outcome, published)[here] > 0).sum()),
        ways=int(before.joined(told).observations(outcome, published)[here].max()),
        mean=share.mean,
        top1=share.top1,
    )


def _digest(*texts: str) -> bytes:
    """SHA-256 of texts, each after its length."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(f"{len(text)}:{text}".encode())
    return whole.digest()
