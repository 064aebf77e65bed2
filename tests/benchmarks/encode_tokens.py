"""Tokens of a federation's people, with nine fields at most: rows a second."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from linkage_engine.laboratory.england.write import write_england
from linkage_engine.laboratory.records import normalised, read_fields, read_records
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from tests.benchmarks.measure import Figures, main, medians

PEOPLE = 20_000
TURNS = 5


def figures(scale: float) -> Figures:
    """From spelt identifiers to token columns, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        write_england(Path(folder), people=max(50, round(PEOPLE * scale)), seed=1)
        known = Path(folder) / "known-truth"
        fields = read_fields(known / "fields.json")
        people = read_records(known / "gp-federation.csv", fields=fields, truth="person")
    identifiers = normalised(people.identifiers)
    secret = LinkageSecret.generate(secrets.token_bytes)

    def ours() -> None:
        encode(identifiers, Encoding(secret, "bench", 1), random=secrets.token_bytes)

    (taken,) = medians(ours, turns=TURNS)
    return {"rows": identifiers.num_rows, "rows_per_second": identifiers.num_rows / taken}


if __name__ == "__main__":
    main(figures)
