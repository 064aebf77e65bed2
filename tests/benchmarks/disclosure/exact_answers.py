"""Admission and gate against exact elimination on a thousand random histories."""

from __future__ import annotations

from dataclasses import asdict

from tests.benchmarks.measure import Budget, Figures, main
from tests.property.disclosure_history.following import Tally, follow

HISTORIES, LARGEST, TABLES = 1_000, 2_000, 5
PARTS = ("gate", "admission", "hidden", "releases")


def figures(scale: float) -> Figures:
    """Answers of the gate on groups, parts of pairs and persons, of admission on groups, and cells it hid."""
    tally = Tally()
    for seed in range(round(HISTORIES * scale)):
        follow(seed, largest=LARGEST, tables=TABLES, tally=tally)
    found = asdict(tally)
    return found | {
        "falsely_safe": sum(found[part]["falsely_safe"] for part in PARTS),
        "falsely_unsafe_share": sum(found[part]["falsely_unsafe"] for part in PARTS)
        / sum(found[part]["asked"] for part in PARTS),
    }


if __name__ == "__main__":
    main(
        figures,
        Budget("falsely_safe", 0, at_least=False),
        Budget("falsely_unsafe_share", 0.001, at_least=False),
    )
