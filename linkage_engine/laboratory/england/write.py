"""Synthetic England on disk: the providers' folders, the truth, and both sides for `tre-evaluate linkage`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from linkage_engine.contract.tokens import IDENTIFIER_FIELDS
from linkage_engine.laboratory.england.copies import Copy, practice_copy, registry_copy
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.extracts import (
    FEDERATION,
    REGISTRY,
    Row,
    death_rows,
    local_id,
    patient_rows,
    tumour_rows,
)
from linkage_engine.laboratory.england.people import PRACTICE_COPIES, REGISTRY_COPIES, Person, everybody

MAPPINGS = Path(__file__).with_name("mappings")
KNOWN_TRUTH = "known-truth"


@dataclass(slots=True)
class England:
    """What was written, in numbers."""

    people: int = 0
    registry_people: int = 0
    federation_people: int = 0
    people_at_both: int = 0

    def as_json(self) -> dict[str, int]:
        """The numbers by name."""
        return asdict(self)


class _RowFile:
    """A CSV file whose header is that of its first row."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._has_header = False

    def write(self, rows: Iterable[Row]) -> int:
        count = 0
        for row in rows:
            if not self._has_header:
                self._writer.writerow(row)
                self._has_header = True
            self._writer.writerow(row.values())
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class _Files:
    tumours: _RowFile
    deaths: _RowFile
    patients: _RowFile
    truth: _RowFile
    known: dict[str, _RowFile]


def write_england(out: Path, *, people: int, seed: int) -> England:
    """Files of both providers under `out`, the same bytes for the same seed and number of people.

    Memory is that of one block of households, however many people. A larger England begins with the
    smaller one of its seed. Existing files are overwritten.
    """
    written = England()
    with _opened(out) as files:
        for block, persons in everybody(people, seed=seed):
            registry_dice = Dice(seed, block=block, purpose=REGISTRY_COPIES)
            practice_dice = Dice(seed, block=block, purpose=PRACTICE_COPIES)
            for person in persons:
                at_registry = bool(person.history.tumours) and _write_tumours(files, person, registry_dice)
                at_practice = _write_patient(files, person, practice_dice)
                written.people += 1
                written.registry_people += at_registry
                written.federation_people += at_practice
                written.people_at_both += at_registry and at_practice
    return written


@contextmanager
def _opened(out: Path) -> Iterator[_Files]:
    for folder in (REGISTRY, FEDERATION, KNOWN_TRUTH):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for provider in (REGISTRY, FEDERATION):
        shutil.copyfile(MAPPINGS / f"{provider}.json", out / provider / "mapping.json")
    fields = {name: name for name in IDENTIFIER_FIELDS}
    (out / KNOWN_TRUTH / "fields.json").write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    with ExitStack() as stack:

        def opened(name: str) -> _RowFile:
            return _RowFile(stack.enter_context((out / name).open("w", encoding="utf-8", newline="")))

        yield _Files(
            tumours=opened(f"{REGISTRY}/tumours.csv"),
            deaths=opened(f"{REGISTRY}/deaths.csv"),
            patients=opened(f"{FEDERATION}/patients.csv"),
            truth=opened("truth.csv"),
            known={name: opened(f"{KNOWN_TRUTH}/{name}.csv") for name in (REGISTRY, FEDERATION)},
        )


def _write_tumours(files: _Files, person: Person, dice: Dice) -> bool:
    copy = registry_copy(person, dice)
    files.tumours.write(tumour_rows(person, copy, dice))
    files.deaths.write(death_rows(person, dice))
    _write_truth(files, REGISTRY, local_id(REGISTRY, person.index), person, copy)
    return True


def _write_patient(files: _Files, person: Person, dice: Dice) -> bool:
    copy = practice_copy(person, dice)
    is_there = files.patients.write(patient_rows(person, copy, dice)) > 0
    if is_there:
        _write_truth(files, FEDERATION, f"GP{local_id(FEDERATION, person.index)}", person, copy)
    return is_there


def _write_truth(files: _Files, provider: str, local_person_id: str, person: Person, copy: Copy) -> None:
    name = f"P{person.index:08d}"
    files.truth.write([{"provider": provider, "local_person_id": local_person_id, "person": name}])
    files.known[provider].write([_known_row(copy, name)])


def _known_row(copy: Copy, person: str) -> Row:
    """Identifiers under the catalogue's field names, with whose they are."""
    row = {
        "nhs_number": copy.nhs_number,
        "given_name": copy.given_name,
        "middle_name": copy.middle_name,
        "family_name": copy.family_name,
        "previous_family_name": copy.previous_family_name,
        "date_of_birth": copy.born.isoformat(),
        "sex": {"M": "1", "F": "2"}[copy.sex],
        "postcode": copy.postcode,
        "address": copy.address.line,
    }
    return {name: row[name] or "" for name in IDENTIFIER_FIELDS} | {"person": person}
