"""A hundred planned questions of six templates over 200,000 people, kept in one history of releases."""

from __future__ import annotations

import io
import secrets
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from linkage_engine.boundary import AnalysisDoor, GateDoor, Inside
from linkage_engine.contract.controlled_table import CellStatus, ControlledTable
from linkage_engine.contract.query_spec import query_spec
from linkage_engine.contract.refusals import QueryRefused
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.benchmarks.measure import Budget, Figures, main
from tests.benchmarks.vault_of_people import PROJECT, fill

PEOPLE = 200_000
POLICY = "nhs-cancer-default"
ASKED_AT = datetime(2026, 11, 1, tzinfo=UTC)
BUDGETS = (
    Budget("questions", 100),
    Budget("refused_share", 0.05, at_least=False),
)
Question = tuple[str, Mapping[str, object], tuple[str, ...]]
YEARS = (2018, 2019, 2020, 2021)
BY = (("sex",), ("age_band",), ("tumour_group",), ("tumour_group", "sex"), ("sex", "age_band"))
HOSPITAL = ("emergency_admission", "emergency_attendance")


def planned() -> Iterator[Question]:
    """What a programme asks in two years: each year of diagnosis, the same breakdowns again and again."""
    for year, by in product((*YEARS, 2022), BY):
        yield "prevalence", {"index_date": f"{year}-12-31", "lookback_years": 12}, by
    for year, by in product(YEARS, BY):
        yield "emergency_15m", _diagnosed(year, year), by
    for (first, last), by in product(((2018, 2019), (2020, 2021)), ((), *BY[:2])):
        for events in (HOSPITAL, ("day_case", "care_service")):
            asked = {"events": events, "period": "quarter", "months_before": 12, "months_after": 18}
            yield "service_use_trajectory", _diagnosed(first, last) | asked, ("period", *by)
    for year, by in product(YEARS, BY[:4]):
        yield "excess_vs_same_age_sex", _diagnosed(year, year) | {"events": (*HOSPITAL, "day_case")}, by
    for (first, last), by in product(((2018, 2019), (2020, 2021)), (*BY, ())):
        yield "social_care_response", _diagnosed(first, last), by
    for year, by in product((*YEARS, 2022), (BY[0], BY[1], BY[4])):
        yield "register_completeness", {"index_date": f"{year}-12-31"}, by


def _diagnosed(first: int, last: int) -> dict[str, object]:
    return {"diagnosed_from": f"{first}-01-01", "diagnosed_to": f"{last}-12-31"}


def figures(scale: float) -> Figures:
    """One history of all of them in their order; what is refused is asked no second time."""
    people = max(1000, round(PEOPLE * scale))
    questions = [*planned()]
    refused: Counter[str] = Counter()
    of_template: Counter[str] = Counter()
    shown, held, seconds = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "analysis", Keystore(secrets.token_bytes(32)))
        fill(vault, people)
        analysis, gate = AnalysisDoor(_inside(vault)), GateDoor(_inside(_vault(Path(folder) / "gate")))
        for number, asked in enumerate(questions):
            started = time.perf_counter()
            try:
                table = _released(analysis, gate, asked, f"{number:032x}")
            except QueryRefused as refusal:
                refused[refusal.code.value] += 1
                of_template[asked[0]] += 1
                continue
            finally:
                seconds.append(time.perf_counter() - started)
            statuses = Counter(value.status for row in table.rows for value in row.values)
            shown, held = shown + statuses[CellStatus.SHOWN], held + statuses[CellStatus.CONFIDENTIAL]
    return {
        "people": people,
        "questions": len(questions),
        "refused": sum(refused.values()),
        "refused_share": sum(refused.values()) / len(questions),
        "refused_why": dict(refused),
        "refused_of_template": dict(of_template),
        "numbers_shown": shown,
        "numbers_withheld": held,
        "median_seconds": statistics.median(seconds),
        "most_seconds": max(seconds),
    }


def _vault(folder: Path) -> Vault:
    return Vault(folder, Keystore(secrets.token_bytes(32)))


def _inside(vault: Vault) -> Inside:
    return Inside(Identity.generate(secrets.token_bytes), vault, secrets.token_bytes)


def _released(analysis: AnalysisDoor, gate: GateDoor, asked: Question, release_id: str) -> ControlledTable:
    template, parameters, breakdowns = asked
    spec = query_spec(
        {"project_id": PROJECT, "template": template, "parameters": parameters, "breakdowns": breakdowns}
    )
    sealed = io.BytesIO()
    analysis.answer(spec, sealed, gate.inside.identity.recipient, seconds=60)
    sealed.seek(0)
    question = SignedQuestion(asked_by="rosalind", asked_at=ASKED_AT, nonce=release_id, specification=spec)
    evidence = gate.control(
        sealed, question, release_id=release_id, policy=POLICY, specification_sha256="ef" * 32
    )
    return evidence.table


if __name__ == "__main__":
    main(figures, *BUDGETS)
