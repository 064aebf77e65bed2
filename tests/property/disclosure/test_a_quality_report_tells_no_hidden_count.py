"""An attacker who knows the rules and reads a whole quality report: what is left of a hidden count."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.optimize import linprog

from linkage_engine.contract.controlled_table import TOTAL, CellStatus, ControlledTable, ControlledValue
from linkage_engine.contract.query_spec import Breakdown, LinkageQualitySpec
from linkage_engine.quality_report.report import quality_report
from tests.unit.quality_report.answers import Groups, answer, asked
from tests.unit.quality_report.figures import LINKAGE

ROOM = 3
"""Values that are left of every hidden number at least, beside the true one."""
FEW = 12
Counts = dict[str, tuple[int, int]]


def people(seed: int) -> tuple[Counts, tuple[int, int]]:
    """Groups by sex and by ethnic group of the same people, many of them small; for each the linked."""
    chance = np.random.default_rng(seed)
    size = int(chance.integers(60, 600))
    sexes = ("Male", "Female", "Not known or not specified")
    groups = ("White", "Mixed", "Asian", "Black", "Other", "Not known or not stated")
    sex = chance.choice(sexes, size, p=(0.48, 0.49, 0.03))
    ethnic = chance.choice(groups, size, p=(0.75, 0.03, 0.1, 0.05, 0.03, 0.04))
    linked = chance.random(size) < chance.choice([0.05, 0.5, 0.9])
    found = {label: (int((sex == label).sum()), int(linked[sex == label].sum())) for label in sexes}
    found |= {label: (int((ethnic == label).sum()), int(linked[ethnic == label].sum())) for label in groups}
    return found, (size, int(linked.sum()))


def ends(value: ControlledValue, *, whole: bool) -> tuple[float, float]:
    """Between which whole numbers the truth of a told or hidden number lies, as far as itself says."""
    if value.value is not None:
        return value.value - 2, value.value + 3
    if value.status is CellStatus.LOW or (value.status is CellStatus.CONFIDENTIAL and whole):
        return 0, FEW
    return 0, np.inf


class Attacker:
    """Everything that follows by adding and subtracting from a report: a linear program over its groups."""

    def __init__(self, spec: LinkageQualitySpec, table: ControlledTable) -> None:
        self.places = {row.labels: 2 * number for number, row in enumerate(table.rows)}
        self.bounds, self.rows, self.limits = [], list[np.ndarray](), list[float]()
        for row in table.rows:
            told, linked = row.values[0], row.values[1]
            self.bounds += [(0, None), (0, None)]
            at = self.places[row.labels]
            self._between({at: 1, at + 1: 1}, ends(told, whole=True))
            self._between({at: 1}, ends(linked, whole=False))
            if linked.status is CellStatus.HIGH:  # linked to a register: all but a few
                self._between({at + 1: 1}, (0, FEW))
        whole = (TOTAL,) * len(spec.breakdowns)
        for place in range(len(spec.breakdowns)):
            parts = [each for each in self.places if each[place] != TOTAL]
            for side in (0, 1):
                sums = {self.places[each] + side: 1 for each in parts} | {self.places[whole] + side: -1}
                self._between(sums, (0, 0))

    def _between(self, of: dict[int, int], ends: tuple[float, float]) -> None:
        row = np.zeros(2 * len(self.places))
        row[list(of)] = list(of.values())
        for sign, limit in ((-1, -ends[0]), (1, ends[1])):
            if np.isfinite(limit):
                self.rows.append(sign * row)
                self.limits.append(limit)

    def range_of(self, of: list[int]) -> tuple[float, float]:
        """The least and the most that a number can be."""
        aim = np.zeros(2 * len(self.places))
        aim[of] = 1
        found = [
            linprog(sign * aim, A_ub=np.array(self.rows), b_ub=self.limits, bounds=self.bounds)
            for sign in (1, -1)
        ]
        assert found[0].status == 0, "the truth is possible"
        return found[0].fun, -found[1].fun if found[1].status == 0 else np.inf


def hidden(table: ControlledTable, attacker: Attacker) -> Iterator[tuple[tuple[str, ...], str, list[int]]]:
    """Every hidden number of people, and of the linked."""
    for row in table.rows:
        at = attacker.places[row.labels]
        if row.values[0].value is None:
            yield row.labels, "people", [at, at + 1]
        if row.values[1].value is None:
            yield row.labels, "linked", [at]


@pytest.mark.parametrize("seed", range(12))
def test_no_hidden_number_follows_from_everything_a_report_shows(seed: int) -> None:
    spec = asked(Breakdown.SEX, Breakdown.ETHNIC_GROUP)
    groups, total = people(seed)
    table = answer(spec, groups, total)
    attacker = Attacker(spec, table)
    exact: Groups = groups
    for labels, what, of in hidden(table, attacker):
        label = next((each for each in labels if each != TOTAL), TOTAL)
        truth = (total if label == TOTAL else exact.get(label, (0, 0)))[what == "linked"]
        low, high = attacker.range_of(of)
        assert low - 1e-6 <= truth <= high + 1e-6, "the attacker is sound"
        assert high - low >= ROOM, (labels, what)


def test_a_report_is_the_same_text_for_every_table_that_looks_the_same() -> None:
    """What stands in it beside the table follows from told numbers alone."""
    spec = asked(Breakdown.SEX)
    one = {"Male": (500, 400), "Female": (700, 600), "Not known or not specified": (5, 5)}
    other = {"Male": (503, 401), "Female": (698, 598), "Not known or not specified": (0, 0)}
    tables = [answer(spec, one, (1205, 1005)), answer(spec, other, (1201, 1003))]
    assert tables[0].rows == tables[1].rows
    first, second = (json.loads(quality_report(spec, each, LINKAGE).to_bytes()) for each in tables)
    assert first == second
