"""Two templates around a diagnosis over a million people and thirty million events: time, growth, memory."""

from __future__ import annotations

import secrets
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from linkage_engine.contract.query_spec import QuerySpec, query_spec
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.benchmarks.measure import Budget, Figures, main
from tests.benchmarks.templates import PERIOD, door_seconds
from tests.benchmarks.vault_of_people import PROJECT, fill

PEOPLE, TIMES_THE_DATA, TURNS = 1_000_000, 10, 3
BUSIER = 13
"""Thirty events a person, where the other benches have 2.3."""
EVENTS = ("emergency_admission", "emergency_attendance", "day_case", "care_service")
BREAKDOWNS = {
    "service_use_trajectory": ("period", "sex", "age_band"),
    "excess_vs_same_age_sex": ("tumour_group", "sex", "age_band"),
}
BUDGETS = (
    *(Budget(f"{name}_seconds", 60, at_least=False) for name in BREAKDOWNS),
    *(Budget(f"{name}_growth", 12, at_least=False) for name in BREAKDOWNS),
    Budget("peak_rss_bytes", 8 << 30, at_least=False),
)


def figures(scale: float) -> Figures:
    """An answer of each at the analysis door, the median of three of a tenth of the data and one of all."""
    people = max(10_000, round(PEOPLE * scale))
    smaller, _ = _seconds(people // TIMES_THE_DATA, turns=TURNS)
    whole, rows = _seconds(people, turns=1)
    growth = {f"{name}_growth": whole[name] / smaller[name] for name in whole}
    return {"people": people, "rows": rows, **{f"{name}_seconds": whole[name] for name in whole}, **growth}


def _seconds(people: int, *, turns: int) -> tuple[dict[str, float], dict[str, int]]:
    with tempfile.TemporaryDirectory() as folder:
        kek = secrets.token_bytes(32)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            rows = apart.submit(_made, folder, kek, people).result()
        vault = Vault(Path(folder), Keystore(kek))
        return {name: door_seconds(vault, _asked(name), turns=turns) for name in BREAKDOWNS}, rows


def _made(folder: str, kek: bytes, people: int) -> dict[str, int]:
    return fill(Vault(Path(folder), Keystore(kek)), people, busier=BUSIER)


def _asked(name: str) -> QuerySpec:
    return query_spec(
        {
            "project_id": PROJECT,
            "template": name,
            "parameters": PERIOD | {"events": EVENTS},
            "breakdowns": BREAKDOWNS[name],
        }
    )


if __name__ == "__main__":
    main(figures, *BUDGETS)
