"""What came of questions to a running installation: groups that could be computed, and who was guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from linkage_engine.disclosure.history.sets import Flags, Floats
from linkage_engine.laboratory.disclosure.attack.answer import Meaning
from linkage_engine.laboratory.disclosure.attack.bits import Heard, believed
from linkage_engine.laboratory.disclosure.attack.cohort import Prior, Secret
from linkage_engine.laboratory.disclosure.attack.over_http.installation import Numbers
from linkage_engine.laboratory.disclosure.attack.over_http.kinds import PEOPLE, Question
from linkage_engine.laboratory.disclosure.attack.over_http.truth import Behind, Labels
from linkage_engine.laboratory.disclosure.attack.rules_known import EXACT, ROUNDING_VARIANCE
from linkage_engine.laboratory.disclosure.attack.score import Determined, determined
from linkage_engine.laboratory.disclosure.attack.solver import Group
from linkage_engine.laboratory.disclosure.attack.strategies.moves import FEW


@dataclass(frozen=True)
class Exchange:
    """A question with who is behind its cells, and the rows of its answer if there is one."""

    question: Question
    behind: Mapping[Labels, Behind]
    rows: Mapping[Labels, Numbers] | None

    @property
    def told(self) -> Iterator[tuple[Behind, Numbers]]:
        """Cells of which the number of people is told: of the others nothing is."""
        column = PEOPLE[self.question["template"]]
        return ((self.behind[labels], row) for labels, row in (self.rows or {}).items() if row[column])

    @property
    def hidden(self) -> int:
        """Cells with somebody in them of which nothing is told."""
        filled = sum(bool(cell.people) for cell in self.behind.values())
        return 0 if self.rows is None else filled - sum(1 for _ in self.told)

    @property
    def numbers_told(self) -> int:
        """Rounded, or computed from rounded ones."""
        columns = {name for _, row in self.told for name in row if f"{name}_status" in row}
        return sum(bool(row[name]) for _, row in self.told for name in columns)


@dataclass
class Exchanges:
    """What was asked and answered, in order."""

    all: list[Exchange] = field(default_factory=list)

    def determined(self, persons: int, random: np.random.Generator) -> Determined:
        """Small groups and persons that follow from the numbers of people that were told."""
        told = [sorted(cell.people) for each in self.all for cell, _ in each.told]
        return determined(told, self._listed(), set(), persons=persons, random=random)

    def determined_by_a_threshold(self, persons: int, random: np.random.Generator) -> Determined:
        """The same where every cell of at least ten people were told: how strong the questions are."""
        told = [sorted(cell.people) for each in self.all for cell in each.behind.values()]
        large = [people for people in told if len(people) >= FEW]
        return determined(large, self._listed(), set(), persons=persons, random=random, search=False)

    def _listed(self) -> set[Group]:
        cells = (cell.people for each in self.all for cell in each.behind.values())
        return {people for people in cells if 0 < len(people) < FEW}

    def heard(self, *, exact: bool = False) -> list[Heard]:
        """How many people with a cancer each told cell has, once for each way of asking about it.

        With `exact` as a threshold alone would have told it.
        """
        found: dict[tuple[object, ...], Heard] = {}
        for each in self.all:
            if each.question["template"] != "prevalence":
                continue
            for cell, number in _counts(each, exact=exact):
                people = np.array(sorted(cell.people), dtype=np.int32)
                way = (people.tobytes(), tuple(sorted(cell.counted)))
                off = np.array([EXACT if exact else ROUNDING_VARIANCE])
                found[way] = Heard(Secret.OUTCOMES, people, Meaning(np.array([float(number)]), off))
        return list(found.values())


def _counts(each: Exchange, *, exact: bool) -> Iterator[tuple[Behind, int]]:
    """Cells about all tumours, with how many of their people have one: told, or large enough to be."""
    by = each.question["breakdowns"]
    place = by.index("tumour_group") if "tumour_group" in by else None
    for labels, cell in each.behind.items():
        if place is not None and labels[place] != "Total":
            continue
        if exact:
            if len(cell.counted) >= FEW:
                yield cell, len(cell.counted)
        elif (each.rows or {}).get(labels, {}).get("numerator"):
            yield cell, int((each.rows or {})[labels]["numerator"])


def balanced_accuracy(heard: Sequence[Heard], truth: Flags, whom: Flags) -> float:
    """How many people with, and how many without a cancer are believed to be so; the mean of both shares.

    Half is nothing learnt. An honest table by age already tells more: the old have more cancers.
    """
    share = float(truth[whom].mean())
    known = Prior(np.array([share]), np.array([share * (1 - share)]), np.array([False]))
    beliefs: Floats = believed(heard, known, truth.size)[0]
    # who stands exactly where everybody stood before is a toss of a coin
    above = np.where(np.isclose(beliefs, share), 0.5, beliefs > share)
    return float(above[whom & truth].mean() + (1 - above)[whom & ~truth].mean()) / 2
