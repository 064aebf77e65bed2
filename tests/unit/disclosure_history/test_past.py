"""What is kept of a project comes back as it was, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.disclosure.admission.columns import digest
from linkage_engine.disclosure.history.cohorts import Cohorts
from linkage_engine.disclosure.history.told import Telling, Told
from linkage_engine.disclosure.past import COLUMNS, Past, from_columns, to_columns
from tests.unit.disclosure_history.test_budget import after

TWICE = after(20, 21)[1]
COHORT = Cohorts().with_(b"c" * 32, np.arange(4, dtype=np.int32))
PAST = Past(TWICE.state, 2, TWICE.told, COHORT)
OURS = [name for name in COLUMNS if name.startswith(("told", "cohort"))]


def test_what_is_kept_is_read_as_it_was() -> None:
    again = from_columns(to_columns(PAST), releases=2)
    assert digest(to_columns(again)) == digest(to_columns(PAST))
    assert again.releases == 2
    assert again.told.sets.keys() == PAST.told.sets.keys()
    assert again.cohorts.filters == PAST.cohorts.filters
    assert set(to_columns(Past())) == set(COLUMNS) == set(to_columns(PAST))


@pytest.mark.parametrize("name", OURS)
def test_columns_that_do_not_fit_are_damaged(name: str) -> None:
    columns = dict(to_columns(PAST))
    column = columns[name]
    for damaged in (column[:-1], np.append(column, [255]).astype(column.dtype)):
        with pytest.raises(EngineRefusal) as refusal:
            from_columns(columns | {name: damaged}, releases=2)
        assert refusal.value.code is RefusalCode.VAULT_DAMAGED
    with pytest.raises(EngineRefusal):
        from_columns({key: each for key, each in columns.items() if key != name}, releases=2)


def test_columns_that_contradict_each_other_are_damaged() -> None:
    """The bytes may be whole: what they say is not."""
    telling = Telling(b"o" * 32, b"w" * 32, 3.0)
    beyond = Past(PAST.state, 2, Told({telling: np.array([len(PAST.state.published)])}), COHORT)
    nameless = dict(to_columns(PAST)) | {"cohort-filters": np.empty(0, dtype=np.uint8)}
    twice = dict(to_columns(PAST))
    twice["told-ways"] = np.tile(twice["told-ways"][:32], 2)
    for columns in (to_columns(beyond), twice, nameless):
        with pytest.raises(EngineRefusal) as refusal:
            from_columns(columns, releases=2)
        assert refusal.value.code is RefusalCode.VAULT_DAMAGED


@pytest.mark.parametrize("version", [[], [1], [2, 2]])
def test_what_was_kept_before_outcomes_were_is_missing(version: list[int]) -> None:
    columns = dict(to_columns(PAST)) | {"version": np.array(version, dtype=np.int64)}
    with pytest.raises(EngineRefusal) as refusal:
        from_columns(columns, releases=2)
    assert refusal.value.code is RefusalCode.HISTORY_MISSING
