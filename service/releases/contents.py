"""The files that a release is made of, from a controlled table and the question it answers."""

from __future__ import annotations

import json

from linkage_engine.contract.controlled_table import ControlledTable
from linkage_engine.contract.statements import SignedQuestion
from service.releases.publication import as_csv, as_csvw

TABLE = "table.csv"


def released_files(table: ControlledTable, question: SignedQuestion, *, signed: str) -> dict[str, bytes]:
    """Every file that the gate signs over, by name; `signed` is the question as its researcher signed it."""
    asked = {"question": question.model_dump(mode="json"), "signed": signed}
    return {
        TABLE: as_csv(table),
        f"{TABLE}-metadata.json": as_csvw(table, csv_name=TABLE),
        "disclosure-record.json": _json(table.record.model_dump(mode="json")),
        "query.json": _json(asked),
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
