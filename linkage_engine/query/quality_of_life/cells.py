"""From the statements' rows to the cells of a survey."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL, norms_of
from linkage_engine.contract.quality_of_life import COMPARED, DIMENSIONS, RESPONDED
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.quality_of_life.plan import QualityOfLifePlan
from linkage_engine.query.quality_of_life.statements import scores, who
from linkage_engine.query.raw_table import Persons, RawCell, RawTable, Tally, Withheld
from linkage_engine.query.sql import Statement

DIVIDED_BY = (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)
_Key = tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class _Scored(Withheld):
    """Who has a score, sorted, and what it is."""

    persons: Persons
    values: Tally

    def among(self, population: Persons) -> Persons:
        """Who of these people has the score."""
        return np.intersect1d(population, self.persons, assume_unique=True)

    def of_each(self, population: Persons) -> Tally:
        """The score of each of these people; 0 of whoever has none."""
        found = np.zeros(population.size, dtype=np.int64)
        has = np.isin(population, self.persons, assume_unique=True)
        found[has] = self.values[np.searchsorted(self.persons, population[has])]
        return found


def quality_of_life(plan: QualityOfLifePlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who was invited, of them who responded and has each score, and the scores, in every cell."""
    people, scored = _people(ask(who(plan))), _scored(ask(scores(plan)))
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=plan.parts,
        cells=tuple(_cell(plan, labels, people, scored) for labels in plan.cells()),
    )


def _people(rows: pa.Table) -> dict[_Key, Persons]:
    """Who is in each cell; a margin is called `Total`."""
    keys = zip(*(rows[breakdown.value].to_pylist() for breakdown in DIVIDED_BY), strict=True)
    return {
        tuple(TOTAL if label is None else label for label in labels): persons.astype(np.int32)
        for labels, persons in zip(keys, _lists(rows["persons"]), strict=True)
    }


def _scored(rows: pa.Table) -> dict[str, _Scored]:
    columns = zip(_lists(rows["persons"]), _lists(rows["values"]), strict=True)
    found = [_Scored(persons.astype(np.int32), values) for persons, values in columns]
    return dict(zip(rows["score"].to_pylist(), found, strict=True))


def _lists(column: pa.ChunkedArray) -> Iterator[Tally]:
    for chunk in column.chunks:
        for item in chunk:
            yield np.asarray(item.values.to_numpy(), dtype=np.int64)


def _cell(
    plan: QualityOfLifePlan,
    labels: tuple[str, ...],
    people: Mapping[_Key, Persons],
    scored: Mapping[str, _Scored],
) -> RawCell:
    population = people.get(tuple(plan.label(labels, each) for each in DIVIDED_BY), _NO_PERSONS)
    parts = {RESPONDED: scored.get(RESPONDED, _NOBODY).among(population)}
    values = {}
    for score in plan.scores:
        found = scored.get(score.value, _NOBODY)
        if score in DIMENSIONS:
            parts |= zip(score.parts, _problem_and_none(found, population), strict=True)
            continue
        parts[score.value] = found.among(population)
        values[score.value] = found.of_each(population)
        if score in COMPARED:
            values[norms_of(score)] = scored.get(norms_of(score), _NOBODY).of_each(population)
    return RawCell(
        labels=labels,
        population=population,
        parts={name: parts[name] for name in plan.parts},
        applicable=plan.applies(labels),
        values=values,
    )


def _problem_and_none(found: _Scored, population: Persons) -> tuple[Persons, Persons]:
    """Who of those who answered has a level beyond the first, and who has the first."""
    levels = found.of_each(population)
    return population[levels > 1], population[levels == 1]


_NO_PERSONS: Persons = np.empty(0, dtype=np.int32)
_NOBODY = _Scored(_NO_PERSONS, np.empty(0, dtype=np.int64))
