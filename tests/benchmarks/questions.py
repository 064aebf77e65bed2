"""Prevalence and emergency care over 200,000 people: from the encrypted vault to what the gate is sent."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from linkage_engine.boundary import AnalysisDoor, Inside
from linkage_engine.contract.query_spec import QuerySpec, query_spec
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.benchmarks.measure import Budget, Figures, main, medians
from tests.benchmarks.streams import Discard
from tests.benchmarks.vault_of_people import PROJECT, fill

PEOPLE = 200_000
TURNS = 3
BUDGETS = tuple(
    Budget(f"{template}_seconds", 3, at_least=False) for template in ("prevalence", "emergency_15m")
)
BREAKDOWNS = ("tumour_group", "sex", "age_band")
PARAMETERS: dict[str, dict[str, object]] = {
    "prevalence": {"index_date": "2023-12-31", "lookback_years": 20},
    "emergency_15m": {"diagnosed_from": "2018-01-01", "diagnosed_to": "2021-12-31"},
}


def figures(scale: float) -> Figures:
    """What the analysis worker does with a question, in its own process: all groups, sexes and age bands."""
    people = max(1000, round(PEOPLE * scale))
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder), Keystore(secrets.token_bytes(32)))
        rows = fill(vault, people)
        door = AnalysisDoor(Inside(Identity.generate(secrets.token_bytes), vault, secrets.token_bytes))
        gate = Identity.generate(secrets.token_bytes).recipient

        def asked(template: str) -> None:
            door.answer(_specification(template), Discard(), gate, seconds=60)

        taken = medians(lambda: asked("prevalence"), lambda: asked("emergency_15m"), turns=TURNS)
    return {
        "people": people,
        "rows": rows,
        "prevalence_seconds": taken[0],
        "emergency_15m_seconds": taken[1],
    }


def _specification(template: str) -> QuerySpec:
    return query_spec(
        {
            "specification": 1,
            "project_id": PROJECT,
            "template": template,
            "parameters": PARAMETERS[template],
            "breakdowns": BREAKDOWNS,
        }
    )


if __name__ == "__main__":
    main(figures, *BUDGETS)
