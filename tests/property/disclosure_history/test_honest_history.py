"""A hundred honest tables: nothing refused, little hidden, nothing small determined."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from linkage_engine.disclosure.gate.differences import small_differences
from linkage_engine.disclosure.gate.verdict import DETERMINED, look
from linkage_engine.disclosure.history.cohorts import Cohorts
from linkage_engine.disclosure.history.leverage import leverage
from linkage_engine.laboratory.disclosure.admit import figures, run
from linkage_engine.laboratory.disclosure.planned import cohort, plan, table_of, whom_about
from tests.property.disclosure_history.histories import listed

FEW, MANY = (2_000, 8), (20_000, 100)


def check(persons: int, tables: int, out: Path) -> None:
    random = np.random.default_rng(1)
    people = cohort(persons, random)
    made = [table_of(people, each) for each in plan(tables, random)]
    asked = [(number, np.arange(len(table.keys)), table) for number, table in enumerate(made)]
    done = run(asked, threshold=10, seed=1)
    finding = look(done.state.published, done.state.groups, generator=random)
    pairs = small_differences(done.state.published, finding.space.vectors, threshold=10, nothing=DETERMINED)
    learnt = leverage(done.state.published, persons=persons, generator=random)
    found = figures(done)
    out.write_text(json.dumps(found.as_json() | {"mean": learnt.mean, "top1": learnt.top1}, indent=2))
    assert (found.refused, finding.persons.size, finding.undecided) == (0, 0, 0)
    assert set(listed(pairs)) <= set(listed(done.state.groups.take(finding.groups)))
    assert finding.groups.size == found.groups_determined <= found.groups / 100
    assert found.hidden_share <= 0.06 if persons >= MANY[0] else found.hidden < found.cells


def test_a_few_honest_tables(tmp_path: Path) -> None:
    check(*FEW, tmp_path / "figures.json")


@pytest.mark.deep
def test_a_hundred_honest_tables(tmp_path: Path) -> None:
    check(*MANY, tmp_path / "figures.json")


def test_no_cohort_of_a_hundred_honest_tables_is_too_close_to_another() -> None:
    persons, tables = MANY
    random = np.random.default_rng(1)
    people, asked = cohort(persons, random), Cohorts()
    for planned in plan(tables, random):
        made_by = sha256(repr(planned.about).encode()).digest()
        whom = whom_about(people, planned)
        assert not asked.too_close(made_by, whom, threshold=10)
        asked = asked.with_(made_by, whom)
    assert len(asked.filters) > tables / 10
