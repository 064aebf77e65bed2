"""The files that a release is made of, from a controlled table and the question it answers."""

from __future__ import annotations

import json

from linkage_engine.contract.controlled_table import PublishedRecord
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import LinkageQualitySpec
from linkage_engine.quality_report.page import page
from linkage_engine.quality_report.report import quality_report
from linkage_engine.quality_report.tidy import tidy_csv
from service.releases.publication import RECORD, as_csv, as_csvw

TABLE, QUALITY = "table.csv", "linkage-quality"


def released_files(evidence: Evidence, *, signed: str) -> dict[str, bytes]:
    """Every file that the gate signs over, by name; `signed` is the question as its researcher signed it.

    Of the evidence only what may leave: the controlled table, the question and the published record.
    """
    table = evidence.table
    asked = {"question": evidence.question.model_dump(mode="json"), "signed": signed}
    return {
        TABLE: as_csv(table),
        f"{TABLE}-metadata.json": as_csvw(table, csv_name=TABLE),
        RECORD: as_record(evidence.record),
        "query.json": _json(asked),
        **quality_files(evidence),
    }


def quality_files(evidence: Evidence) -> dict[str, bytes]:
    """The quality report of a question about a linkage, in its three forms; of another question none."""
    asked = evidence.question.specification
    if not isinstance(asked, LinkageQualitySpec):
        return {}
    report = quality_report(asked, evidence.table, evidence.linkage)
    return {
        f"{QUALITY}.json": report.to_bytes(),
        f"{QUALITY}.csv": tidy_csv(report),
        f"{QUALITY}.html": page(report),
    }


def as_record(record: PublishedRecord) -> bytes:
    """The disclosure record as a file."""
    return _json(record.model_dump(mode="json"))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
