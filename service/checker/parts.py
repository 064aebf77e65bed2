"""The parts of a checker's evidence as files in a folder of the checker's own."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from linkage_engine.contract.evidence import Evidence
from service.checker.evidence import number
from service.checker.sacro import as_results
from service.checker.words import WORDS, differences, summary
from service.releases.contents import as_record, quality_files
from service.releases.publication import RECORD, as_csv, harmless

BEFORE, AFTER, SUMMARY, EARLIER, RESULTS = (
    "before.csv",
    "after.csv",
    "summary.txt",
    "earlier.json",
    "results.json",
)


def parts(evidence: Evidence, digest: str) -> dict[str, bytes]:
    """Every file by its name; `after.csv`, record and quality report are the release's, byte for byte."""
    lines = [f"release {evidence.release_id}", f"evidence {digest}", "", *summary(evidence)]
    return {
        SUMMARY: ("\n".join(lines) + "\n").encode(),
        BEFORE: before_csv(evidence),
        AFTER: as_csv(evidence.table),
        RECORD: as_record(evidence.record),
        EARLIER: _earlier(evidence),
        RESULTS: as_results(evidence, before=BEFORE, after=AFTER),
        **quality_files(evidence),
    }


def before_csv(evidence: Evidence) -> bytes:
    """The exact numbers, every digit, one row a cell; no text in it is a formula to a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*evidence.table.dimensions, *(measure.name for measure in evidence.table.measures)])
    for row, exact in zip(evidence.table.rows, evidence.exact, strict=True):
        writer.writerow([*map(harmless, row.labels), *map(number, exact)])
    return text.getvalue().encode()


def _earlier(evidence: Evidence) -> bytes:
    """What the table has to do with earlier ones, why each number is hidden, and what the audit came to."""
    looked = evidence.earlier.model_dump(mode="json")
    for listed, table in zip(looked["tables"], evidence.earlier.tables, strict=True):
        listed["differences"] = differences(table.question, evidence.question)
    hidden = [
        {"labels": row.labels, "measure": measure.name, "reason": reason.value, "words": WORDS[reason]}
        for row, reasons in zip(evidence.table.rows, evidence.reasons, strict=True)
        for measure, reason in zip(evidence.table.measures, reasons, strict=True)
        if reason is not None
    ]
    audit = evidence.history.model_dump(mode="json")
    excluded = [each.model_dump(mode="json") for each in evidence.excluded]
    return (
        json.dumps({"audit": audit, "earlier": looked, "hidden": hidden, "excluded": excluded}, indent=2)
        + "\n"
    ).encode()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder that only its owner reads: all of them or none.

    A folder or file of that name is FileExistsError. They are written beside it and take its name together;
    what a killed writer left there is removed first.
    """
    if folder.exists() or folder.is_symlink():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    aside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    try:
        for name, data in files.items():
            descriptor = os.open(aside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
