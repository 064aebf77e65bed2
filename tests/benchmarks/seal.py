"""A provider's whole seal, from CSV to package: rows a second of six identifiers and four other columns."""

from __future__ import annotations

import csv
import json
import os
import secrets
import tempfile
from pathlib import Path

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.project_file import ProjectFile, Recipients
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from linkage_engine.unseal.identity import Identity
from service.clock import utc_now
from service.provider.delivery import read_delivery
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from service.provider.seal import Sealer, seal_delivery
from service.signed import SigningKey
from tests.benchmarks.made_up import copies, six_fields
from tests.benchmarks.measure import Budget, Figures, main, medians

ROWS = 100_000
TURNS = 3
PROJECT, PROVIDER = "bench", "practices"
BUDGETS = (Budget("rows_per_second", 30_000),)


def figures(scale: float) -> Figures:
    """Read, validate, normalise, encode, shuffle, write as Parquet, seal, sign; to a package on the disk."""
    rows = max(100, round(ROWS * scale))
    sealer = _sealer()
    spent: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_extract(folder, rows)
        package = folder / "delivery.tresub"

        def ours() -> None:
            package.unlink(missing_ok=True)
            begun = _processor_seconds()
            delivery = read_delivery(
                read_mapping(folder / "mapping.json"),
                folder=folder,
                keys=PersonKeys.for_one_delivery(secrets.token_bytes),
            )
            seal_delivery(delivery, sealer, out=package, counter=1)
            spent.append(_processor_seconds() - begun)

        (taken,) = medians(ours, turns=TURNS)
        size = package.stat().st_size
    return {
        "rows": rows,
        "rows_per_second": rows / taken,
        "rows_per_processor_second": rows / sorted(spent)[len(spent) // 2],
        "package_bytes": size,
    }


def _processor_seconds() -> float:
    """Of this process and of those that it forked and that have ended."""
    return sum(os.times()[:4])


def _write_extract(folder: Path, rows: int) -> None:
    with (folder / "patients.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number, copy in copies(rows, side="practices"):
            row = {"id": f"P{number}", **six_fields(copy), "practice": f"Y{number % 9000 + 10000}"}
            row["start"] = max(row["date_of_birth"], "1999-02-03")
            if not number:
                writer.writerow(row)
            writer.writerow(row.values())
    identifiers = {name: name for name in row if name not in {"id", "practice", "start"}}
    file_mapping = {
        "file": "patients.csv",
        "data_set": "gp_registration",
        "local_person_id": "id",
        "identifiers": identifiers,
        "columns": {
            "gp_practice_code": "practice",
            "registration_start": "start",
            "year_of_birth": "date_of_birth",
            "sex": "sex",
        },
    }
    mapping = {"mapping": 1, "provider_id": PROVIDER, "extract_date": "2026-03-31", "files": [file_mapping]}
    (folder / "mapping.json").write_text(json.dumps(mapping))


def _sealer() -> Sealer:
    secret = LinkageSecret.generate(secrets.token_bytes)
    to = [str(Identity.generate(secrets.token_bytes).recipient) for _ in range(2)]
    project = ProjectFile(
        project_id=PROJECT,
        secret_epoch=1,
        key_check=key_check(secret, PROJECT, 1),
        linkage_profile=LinkageProfile.TOKENS,
        recipients=Recipients(linkage=to[0], analysis=to[1]),
        data_sets=("gp_registration",),
    )
    return Sealer(PROVIDER, project, secret, SigningKey.generate(), utc_now, secrets.token_bytes, workers=2)


if __name__ == "__main__":
    main(figures, *BUDGETS)
