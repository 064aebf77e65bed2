"""Values, last days and a model through the gate's real door: no template asks for them yet."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from math import inf, nan
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from linkage_engine import handed_over
from linkage_engine.boundary import DATA_VERSION, GateDoor, Inside
from linkage_engine.catalogue.analysis_templates import AnalysisTemplate, analysis_template
from linkage_engine.contract.controlled_table import CellStatus, Statistic
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.query.raw_table import RawCell, RawFit, RawTable
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.factories import NOON, a_specification
from tests.unit.disclosure.statistic_tables import measure

IDENTITY, PART = Identity.generate(secrets.token_bytes), "numerator"
PEOPLE = np.arange(100, dtype=np.int32)
DAYS = np.array([20] * 40 + [400] * 60, dtype=np.int64)
COSTS = np.arange(100, dtype=np.int64) * 10

MEASURES = (
    measure(Statistic.POPULATION),
    measure(Statistic.COUNT, PART),
    measure(Statistic.EVENTS, PART),
    measure(Statistic.MEAN, variable="cost"),
    measure(Statistic.SUM, variable="cost"),
    measure(Statistic.QUANTILE, variable="cost", at=50),
    measure(Statistic.PERSON_YEARS, variable="days"),
    measure(Statistic.RATE, PART, "days"),
    measure(Statistic.SURVIVAL, PART, "days", 30),
    measure(Statistic.ESTIMATE, variable="log_odds"),
)


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GateDoor:
    """A gate whose catalogue has a template that asks for everything."""
    asking = analysis_template("prevalence").model_copy(update={"measures": MEASURES})

    def template(_: str) -> AnalysisTemplate:
        return asking

    monkeypatch.setattr(handed_over, "analysis_template", template)
    monkeypatch.setattr(handed_over, "planned_measures", lambda asked: asking.measures_of(asked.parts))
    return GateDoor(Inside(identity=IDENTITY, vault=Vault(tmp_path, Keystore(bytes(32))), random=bytes))


def a_raw_table(
    *,
    values: Mapping[str, np.ndarray] | None = None,
    estimate: tuple[float, float] = (0.123456, 0.05),
    fit: RawFit | None = RawFit(1000, 3, 8),  # noqa: B008  # a frozen value
) -> RawTable:
    cell = RawCell(
        ("Total",),
        PEOPLE,
        {PART: PEOPLE[:40]},
        applicable=True,
        events={PART: 62},
        values={"cost": COSTS, "days": DAYS} | dict(values or {}),
        estimates={"log_odds": estimate},
    )
    return RawTable("prevalence", ("sex",), (PART,), (cell,), fit=fit)


def asked(door: GateDoor, raw: RawTable) -> Evidence:
    table, sink = raw.to_arrow(), io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, DATA_VERSION: b"a-run"}), sink)
    sealed = seal_bytes(sink.getvalue(), recipients=[IDENTITY.recipient], random=secrets.token_bytes)
    question = SignedQuestion(asked_by="ada", asked_at=NOON, nonce="ab" * 16, specification=a_specification())
    return door.control(
        io.BytesIO(sealed),
        question,
        release_id="11" * 16,
        policy="nhs-cancer-default",
        specification_sha256="ef" * 32,
    )


def test_every_kind_of_number_is_controlled_at_the_gate_and_its_checkers_see_it_exactly(
    gate: GateDoor,
) -> None:
    evidence = asked(gate, a_raw_table())
    (row,) = evidence.table.rows
    assert {value.status for value in row.values} == {CellStatus.SHOWN}
    # everybody is seen 248 days on average: 99 people 67.2 years
    assert [value.value for value in row.values] == [
        *(99, 39, 63),
        *(495, 49_000, 495, 67.2, 938, 60.6, 0.123),
    ]
    assert evidence.exact[0][:6] == (100, 40, 62, 495, 49_500, 495)
    assert evidence.exact[0][-1] == 0.123456


@pytest.mark.parametrize(
    "raw",
    [
        a_raw_table(values={"cost": COSTS[:-1]}),
        a_raw_table(values={"days": -DAYS}),
        a_raw_table(values={"score": COSTS}),
        a_raw_table(estimate=(nan, 0.1)),
        a_raw_table(estimate=(0.1, inf)),
        a_raw_table(estimate=(0.1, -1.0)),
        a_raw_table(fit=None),
        a_raw_table(fit=RawFit(99, 3, 8)),
    ],
    ids=[
        "a person without a cost",
        "days before the first",
        "what nobody asked for",
        "no number",
        "no end",
        "an error below nothing",
        "no model",
        "fewer people than a level has",
    ],
)
def test_numbers_that_cannot_be_do_not_pass_the_door_and_leave_nothing(gate: GateDoor, raw: RawTable) -> None:
    with pytest.raises(NotTrusted) as refusal:
        asked(gate, raw)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
    assert asked(gate, a_raw_table()).history.releases == 0
