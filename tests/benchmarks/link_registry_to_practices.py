"""Linking tokens against linking plaintext, on the same people, thresholds chosen without truth."""

from __future__ import annotations

import tempfile
from pathlib import Path

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.england.write import write_england
from linkage_engine.laboratory.linkage import evaluate_linkage
from linkage_engine.laboratory.records import read_fields, read_records
from tests.benchmarks.measure import Figures, main

PEOPLE = 20_000


def figures(scale: float) -> Figures:
    """As `tre-evaluate linkage` prints them, for both profiles."""
    with tempfile.TemporaryDirectory() as folder:
        write_england(Path(folder), people=max(2000, round(PEOPLE * scale)), seed=1)
        known = Path(folder) / "known-truth"
        fields = read_fields(known / "fields.json")
        a, b = (
            read_records(known / f"{name}.csv", fields=fields, truth="person")
            for name in ("cancer-registry", "gp-federation")
        )
    tokens, plaintext = (
        evaluate_linkage(a, b, profile=profile, threads=2, seed=1).as_json()
        for profile in (LinkageProfile.TOKENS, LinkageProfile.PLAINTEXT)
    )
    return {"tokens": tokens, "plaintext": plaintext}


if __name__ == "__main__":
    main(figures)
