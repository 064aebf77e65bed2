"""Every template over 200,000 people: from the vault to the gate, and the engine against bare SQL."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from linkage_engine.boundary import AnalysisDoor, Inside
from linkage_engine.catalogue.analysis_templates import event_data_sets
from linkage_engine.contract.query_spec import QuerySpec, query_spec
from linkage_engine.laboratory.trial.recorded import Recording
from linkage_engine.linked_data import PERSON_INDEX, LinkedData
from linkage_engine.query.plan import AnyPlan, plan
from linkage_engine.query.run import answer, inputs
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.compute import locked_duckdb
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.benchmarks.measure import Budget, Figures, main, medians
from tests.benchmarks.streams import Discard
from tests.benchmarks.vault_of_people import PROJECT, fill

PEOPLE, TURNS = 200_000, 3
PERIOD = {"diagnosed_from": "2018-01-01", "diagnosed_to": "2021-12-31"}
EVENTS = ["emergency_admission", "day_case", "care_service"]
QUESTIONS: Mapping[str, tuple[Mapping[str, object], tuple[str, ...]]] = {
    "prevalence": (
        {"index_date": "2023-12-31", "lookback_years": 20},
        ("tumour_group", "sex", "age_band"),
    ),
    "emergency_15m": (PERIOD, ("tumour_group", "sex", "age_band")),
    "linkage_quality": (
        {"data_set": "cancer_registration", "linked_to": "gp_registration", "index_date": "2023-12-31"},
        ("age_band", "sex"),
    ),
    "service_use_trajectory": (PERIOD | {"events": EVENTS}, ("period", "sex", "age_band")),
    "excess_vs_same_age_sex": (PERIOD | {"events": EVENTS}, ("tumour_group", "sex", "age_band")),
    "register_completeness": ({"index_date": "2023-12-30"}, ("sex", "age_band")),
    "quality_of_life": (
        {"invited_from": "2020-01-01", "invited_to": "2023-06-30", "scores": ["eq_vas", "summary_score"]},
        ("tumour_group", "sex", "age_band"),
    ),
    "cancer_care_review": ({"year": "2022/23"}, ("sex", "age_band")),
    "personalised_care_coverage": (
        {"diagnosed_from": "2021-04-01", "diagnosed_to": "2023-03-31"},
        ("tumour_group", "sex", "stage"),
    ),
    "social_care_response": (PERIOD, ("tumour_group", "sex", "age_band")),
}
BUDGETS = (
    *(Budget(f"{name}_seconds", 10, at_least=False) for name in QUESTIONS),
    *(Budget(f"{name}_to_bare", 1.2, at_least=False) for name in QUESTIONS),
)


def figures(scale: float) -> Figures:
    """Seconds at the analysis door, and those of the engine over those of its statements, all else ready."""
    people = max(1000, round(PEOPLE * scale))
    found: Figures = {"people": people}
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder), Keystore(secrets.token_bytes(32)))
        found["rows"] = fill(vault, people)
        for name in QUESTIONS:
            found |= {f"{name}_seconds": door_seconds(vault, asked(name), turns=TURNS)}
            found |= {f"{name}_to_bare": _to_bare(vault, name)}
    return found


def door_seconds(vault: Vault, question: QuerySpec, *, turns: int) -> float:
    """The median of answers that the analysis worker makes: read, decrypted, answered, sealed."""
    door = AnalysisDoor(Inside(Identity.generate(secrets.token_bytes), vault, secrets.token_bytes))
    gate = Identity.generate(secrets.token_bytes).recipient
    [taken] = medians(lambda: door.answer(question, Discard(), gate, seconds=60), turns=turns)
    return taken


def asked(name: str) -> QuerySpec:
    """The question of a template."""
    parameters, breakdowns = QUESTIONS[name]
    return query_spec(
        {"project_id": PROJECT, "template": name, "parameters": parameters, "breakdowns": breakdowns}
    )


def _to_bare(vault: Vault, name: str) -> float:
    made, tables = _ready(vault, name)
    recording = Recording(_database())
    answer(cast("Any", recording), made, tables)

    def engine() -> None:
        answer(_database(), made, tables)

    def bare() -> None:
        connection = _database()
        for table, rows in recording.tables.items():
            connection.register(table, rows)
        for statement in recording.statements:
            connection.sql(statement.text, params=dict(statement.parameters)).to_arrow_table()

    ours, theirs = medians(engine, bare, turns=TURNS)
    return ours / theirs


def _ready(vault: Vault, name: str) -> tuple[AnyPlan, dict[str, pa.Table]]:
    """A question's plan, and the tables that it reads."""
    question, data = asked(name), LinkedData.of(vault, PROJECT)
    made = plan(question, data_end=data.ends(event_data_sets(question)))
    schemas = {table: schema for table, schema in inputs(made).items() if table != PERSON_INDEX}
    return made, {PERSON_INDEX: data.roll} | {
        table: data.rows(table, schema) for table, schema in schemas.items()
    }


def _database() -> Any:  # DuckDB's connection
    return locked_duckdb(memory_limit="4GB", threads=2)


if __name__ == "__main__":
    main(figures, *BUDGETS)
