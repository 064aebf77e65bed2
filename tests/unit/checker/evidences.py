"""Evidence for tests of what checkers are shown: small tables, and earlier ones that matter."""

from __future__ import annotations

from datetime import UTC, datetime

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    Measure,
)
from linkage_engine.contract.earlier import (
    AlikeCount,
    CellOf,
    EarlierTable,
    LookedBack,
    NearPopulation,
    Whole,
    Withheld,
)
from linkage_engine.contract.evidence import Evidence, Reason
from linkage_engine.contract.permit import Role
from linkage_engine.contract.statements import SignedQuestion
from tests.factories import (
    PROJECT,
    Chance,
    a_disclosure_record,
    a_history_audit,
    a_person,
    a_question,
    a_specification,
)

EARLIER_ID = "0198aaaa" * 4
QUESTION = a_question(a_person("rosalind", Role.RESEARCHER), random=Chance())
CELL = CellOf(release_id=EARLIER_ID, key="sex=Male")


def shown(number: float | None) -> ControlledValue:
    status = CellStatus.SHOWN if number is not None else CellStatus.CONFIDENTIAL
    return ControlledValue(value=number, status=status)


def some_evidence(**changes: object) -> Evidence:
    """Everybody is told; of men few are counted, women are hidden by history, nobody is of neither."""
    table = ControlledTable(
        title="Prevalence",
        template="prevalence",
        dimensions=("sex",),
        measures=(
            Measure(name="numerator", title="Cases", unit="persons"),
            Measure(name="denominator", title="People", unit="persons"),
        ),
        rows=(
            ControlledRow(labels=("Total",), values=(shown(99), shown(501))),
            ControlledRow(labels=("Male",), values=(shown(None), shown(249))),
            ControlledRow(labels=("Female",), values=(shown(None), shown(None))),
            ControlledRow(labels=("=1+1",), values=(shown(None), shown(None))),
        ),
        record=a_disclosure_record(cells=4, cells_hidden=3),
    )
    few, history = Reason.TOO_FEW, Reason.HISTORY
    fields: dict[str, object] = {
        "release_id": "ab" * 16,
        "project_id": PROJECT,
        "question": QUESTION,
        "table": table,
        "exact": ((98.0, 500.0), (4.0, 250.0), (94.0, 250.0), (0.0, 0.0)),
        "reasons": ((None, None), (few, None), (history, history), (few, few)),
        "history": a_history_audit(),
        "earlier": LookedBack(),
    }
    return Evidence.model_validate(fields | changes)


def an_earlier_table(**changes: object) -> EarlierTable:
    specification = a_specification()
    parameters = specification.parameters.model_copy(update={"lookback_years": 20})
    asked = SignedQuestion(
        asked_by="rachel",
        asked_at=datetime(2026, 2, 1, tzinfo=UTC),
        nonce="cd" * 16,
        specification=specification.model_copy(update={"parameters": parameters}),
    )
    fields: dict[str, object] = {
        "release_id": EARLIER_ID,
        "title": "Prevalence",
        "question": asked,
        "whole": Whole.NEAR,
        "same": 2,
        "near": 1,
        "alike": 1,
        "withheld": 1,
    }
    return EarlierTable.model_validate(fields | changes)


def looked_back(**changes: object) -> LookedBack:
    """A count of men that can be subtracted, women that cannot."""
    fields: dict[str, object] = {
        "tables": (an_earlier_table(),),
        "tables_that_matter": 1,
        "near": (NearPopulation(labels=("Female",), other=CELL, here_only=1, there_only=0, told=False),),
        "near_found": 1,
        "alike": (
            AlikeCount(
                labels=("Total",),
                measure="numerator",
                other=CELL,
                other_measure="numerator",
                differ=2,
                told=True,
            ),
        ),
        "alike_found": 1,
        "withheld": (Withheld(labels=("Female",), people=1, here=0, earlier=1, cells=(CELL,)),),
    }
    return LookedBack.model_validate(fields | changes)
