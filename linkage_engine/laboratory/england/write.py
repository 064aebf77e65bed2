"""Synthetic England on disk: the providers' folders, the truth, and every side for `tre-evaluate linkage`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from linkage_engine.contract.tokens import IDENTIFIER_FIELDS
from linkage_engine.laboratory.england.copies import Copy
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.local_ids import FEDERATION, REGISTRY, Row
from linkage_engine.laboratory.england.people import Person, everybody
from linkage_engine.laboratory.england.providers import PROVIDERS, Extract

MAPPINGS = Path(__file__).with_name("mappings")
KNOWN_TRUTH = "known-truth"
MORE = {FEDERATION: "events", REGISTRY: "surveys"}
"""What else a provider may send: `mapping-events.json` of the federation has registrations and events."""


@dataclass(slots=True)
class England:
    """What was written, in numbers."""

    people: int = 0
    people_at: dict[str, int] = field(default_factory=lambda: {provider.name: 0 for provider in PROVIDERS})
    """How many persons each provider has."""
    people_at_both: int = 0
    """How many are at the cancer registry and at the federation of practices."""

    def as_json(self) -> dict[str, int | dict[str, int]]:
        """The numbers by name."""
        return {"people": self.people, "people_at": self.people_at, "people_at_both": self.people_at_both}


class _RowFile:
    """A CSV file whose header is that of its first row."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._has_header = False

    def write(self, rows: Sequence[Row]) -> None:
        if rows and not self._has_header:
            self._writer.writerow(rows[0])
            self._has_header = True
        self._writer.writerows([row.values() for row in rows])


_Files = dict[str, _RowFile]


def write_england(out: Path, *, people: int, seed: int) -> England:
    """Files of all providers under `out`, the same bytes for the same seed and number of people.

    Memory is that of one block of households, however many people. A larger England begins with the
    smaller one of its seed. Existing files are overwritten.
    """
    written = England()
    with _opened(out) as files:
        for block, persons in everybody(people, seed=seed):
            dice = {p.name: [Dice(seed, block=block, purpose=each) for each in p.purposes] for p in PROVIDERS}
            for person in persons:
                extracts = {p.name: p.extract(person, dice[p.name]) for p in PROVIDERS}
                found = {name: extract for name, extract in extracts.items() if extract is not None}
                for name, extract in found.items():
                    _write(files, name, person, extract)
                    written.people_at[name] += 1
                written.people += 1
                written.people_at_both += {REGISTRY, FEDERATION} <= found.keys()
    return written


@contextmanager
def _opened(out: Path) -> Iterator[_Files]:
    for folder in (*(provider.name for provider in PROVIDERS), KNOWN_TRUTH):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for provider in PROVIDERS:
        shutil.copyfile(MAPPINGS / f"{provider.name}.json", out / provider.name / "mapping.json")
    for name, more in MORE.items():
        shutil.copyfile(MAPPINGS / f"{name}-{more}.json", out / name / f"mapping-{more}.json")
    fields = {name: name for name in IDENTIFIER_FIELDS}
    (out / KNOWN_TRUTH / "fields.json").write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    names = [f"{provider.name}/{file}" for provider in PROVIDERS for file in provider.files]
    names += [f"{KNOWN_TRUTH}/{provider.name}.csv" for provider in PROVIDERS]
    with ExitStack() as stack:
        yield {
            name: _RowFile(stack.enter_context((out / name).open("w", encoding="utf-8", newline="")))
            for name in (*names, "truth.csv")
        }


def _write(files: _Files, provider: str, person: Person, extract: Extract) -> None:
    for file, rows in extract.rows.items():
        files[f"{provider}/{file}"].write(rows)
    name = f"P{person.index:08d}"
    files["truth.csv"].write(
        [{"provider": provider, "local_person_id": extract.local_person_id, "person": name}]
    )
    files[f"{KNOWN_TRUTH}/{provider}.csv"].write([_known_row(extract.copy, name)])


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
