"""Two templates around a diagnosis over a million people: from the vault to the gate, and their memory."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.benchmarks.measure import Budget, Figures, main
from tests.benchmarks.templates import door_seconds
from tests.benchmarks.vault_of_people import fill

PEOPLE = 1_000_000
TEMPLATES = ("service_use_trajectory", "excess_vs_same_age_sex")
BUDGETS = (
    *(Budget(f"{name}_seconds", 60, at_least=False) for name in TEMPLATES),
    Budget("peak_rss_bytes", 8 << 30, at_least=False),
)


def figures(scale: float) -> Figures:
    """One answer of each at the analysis door; the peak is that of the whole, making the people included."""
    people = max(1000, round(PEOPLE * scale))
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder), Keystore(secrets.token_bytes(32)))
        rows = fill(vault, people)
        taken = {f"{name}_seconds": door_seconds(vault, name, turns=1) for name in TEMPLATES}
    return {"people": people, "rows": rows, **taken}


if __name__ == "__main__":
    main(figures, *BUDGETS)
