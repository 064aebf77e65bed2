"""Records whose people are known, and public tables to attack them with: synthetic England's or a file's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from linkage_engine.laboratory.england.copies import practice_copy
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.names import given_name_shares, surname_shares
from linkage_engine.laboratory.england.people import PRACTICE_COPIES, everybody
from linkage_engine.laboratory.records import normalised
from linkage_engine.laboratory.reidentification.seen import NONE, Codes
from linkage_engine.laboratory.reidentification.wanted import BANDS, PublicTables, band
from linkage_engine.pseudonymise.families import NORMALISERS, PARTS
from linkage_engine.pseudonymise.variants import joined

SEXES = {"1": 0, "2": 1}
Counts = Mapping[str, float]
Birth = tuple[int, int]
"""Sex, 0 or 1, and year."""


@dataclass(frozen=True, slots=True, repr=False)
class PublicCounts:
    """What is published of a population, by spelling; any scale."""

    family_names: Counts
    given_names: Mapping[Birth, Counts]
    births: Mapping[Birth, float]
    postcodes: Counts


@dataclass(frozen=True, slots=True, repr=False)
class People:
    """Records to encode, what is true of them as codes, and the public tables in the same codes."""

    identifiers: pa.Table
    true: Mapping[str, Codes]
    sexes: Codes
    """0 or 1, NONE where it is not told."""
    public: PublicTables


def of_england(records: int, *, seed: int) -> People:
    """What practices have on file of the first people of a seed, and the tables that they were drawn from.

    Names have the shares that the generator draws with; births and postcodes are counted in the true people,
    as a census would.
    """
    rows: list[dict[str, str | None]] = []
    births: Counter[Birth] = Counter()
    postcodes: Counter[str] = Counter()
    for block, persons in everybody(records, seed=seed):
        dice = Dice(seed, block=block, purpose=PRACTICE_COPIES)
        for person in persons:
            copy = practice_copy(person, dice)
            sex = {"M": "1", "F": "2"}[copy.sex]
            rows.append(
                {
                    "nhs_number": copy.nhs_number,
                    "given_name": copy.given_name,
                    "middle_name": copy.middle_name,
                    "family_name": copy.family_name,
                    "previous_family_name": copy.previous_family_name,
                    "date_of_birth": copy.born.isoformat(),
                    "sex": sex,
                    "postcode": copy.postcode,
                    "address": copy.address.line,
                }
            )
            births[SEXES[sex], person.born.year] += 1
            postcodes[person.address.postcode] += 1
    given = {(sex, year): given_name_shares("MF"[sex], year) for sex, year in births}
    table = pa.Table.from_pylist(rows)
    return people_of(table, PublicCounts(surname_shares(), given, births, postcodes))


def of_file(identifiers: pa.Table) -> People:
    """Anybody's records; the public tables are counts of the file itself, the most exact there could be."""
    spelt = _normalised(identifiers)
    given: dict[Birth, Counter[str]] = {}
    births: Counter[Birth] = Counter()
    for sex, born, name in zip(spelt["sex"], spelt["date_of_birth"], spelt["given_name"], strict=True):
        birth = (SEXES.get(sex or "", 0), int(born[:4]) if born else 1900)
        births[birth] += 1
        if name is not None:
            given.setdefault(birth, Counter())[name] += 1
    families = Counter(name for name in spelt["family_name"] if name is not None)
    postcodes = Counter(code for code in spelt["postcode"] if code is not None)
    return people_of(identifiers, PublicCounts(families, given, births, postcodes))


def people_of(identifiers: pa.Table, counts: PublicCounts) -> People:
    """Records and public counts in one coding."""
    spelt = _normalised(identifiers)
    given = _given_by_birth(counts)
    tables: dict[str, Counts] = {
        "family_name": _spelt_shares("family_name", counts.family_names),
        "given_name": {name: sum(by.values()) for name, by in given.items()},
        "postcode": _spelt_shares("postcode", counts.postcodes),
    }
    codes = {field: _codes(spelt[field], table) for field, table in tables.items()}
    true = {field: np.array([code[v] for v in spelt[field]]) for field, code in codes.items()}
    true["date_of_birth"] = np.array([_date(text) for text in spelt["date_of_birth"]])
    births = _births(given, codes["given_name"])
    public = PublicTables(
        names={field: _listed(codes[field]) for field in ("family_name", "given_name")},
        shares={field: _shares(table, codes[field]) for field, table in tables.items()},
        given_by_birth=births,
        year_shares=_year_shares(counts.births),
        sectors=_sectors(codes["postcode"]),
    )
    sexes = np.array([SEXES.get(sex or "", NONE) for sex in spelt["sex"]])
    return People(identifiers, true, sexes, public)


def _normalised(identifiers: pa.Table) -> dict[str, list[str | None]]:
    """The wanted fields as tokens are made of them; a field that is absent is null in every row."""
    table = normalised(identifiers)
    found = {}
    for field in ("family_name", "given_name", "date_of_birth", "postcode", "sex"):
        values = table[field].to_pylist() if field in table.column_names else [None] * table.num_rows
        found[field] = [joined(v) if v and field.endswith("_name") else v for v in values]
    return found


def _spelt(field: str, text: str) -> str | None:
    found = NORMALISERS[field](text)
    return joined(found) if found and field.endswith("_name") else found


def _spelt_shares(field: str, counts: Counts) -> dict[str, float]:
    total, found = sum(counts.values()), Counter[str]()
    for text, count in counts.items():
        name = _spelt(field, text)
        if name is not None:
            found[name] += count / total  # type: ignore[assignment]
    return dict(found)


def _given_by_birth(counts: PublicCounts) -> dict[str, Counter[int]]:
    """Share of people by given name, then by sex and band of birth."""
    total = sum(counts.births.values())
    found: dict[str, Counter[int]] = {}
    for (sex, year), names in counts.given_names.items():
        share = counts.births[sex, year] / total
        place = sex * BANDS + int(band(year))
        for name, part in _spelt_shares("given_name", names).items():
            found.setdefault(name, Counter())[place] += share * part  # type: ignore[assignment]
    return found


def _births(given: Mapping[str, Counter[int]], codes: Mapping[str | None, int]) -> np.ndarray:
    table = np.zeros((len(codes) - 1, 2 * BANDS))
    for name, by in given.items():
        for place, share in by.items():
            table[codes[name], place] = share
    return table


def _codes(values: Iterable[str | None], public: Counts) -> dict[str | None, int]:
    """A code for every value of the file and of the table; None is NONE."""
    known = sorted({value for value in values if value is not None} | public.keys())
    return {None: NONE} | {value: code for code, value in enumerate(known)}


def _listed(codes: Mapping[str | None, int]) -> tuple[str, ...]:
    return tuple(value for value in codes if value is not None)


def _shares(table: Counts, codes: Mapping[str | None, int]) -> np.ndarray:
    return np.array([table.get(value, 0.0) for value in _listed(codes)])


def _year_shares(births: Mapping[Birth, float]) -> dict[int, float]:
    total, found = sum(births.values()), Counter[int]()
    for (_, year), count in births.items():
        found[year] += count / total  # type: ignore[assignment]
    return dict(found)


def _sectors(codes: Mapping[str | None, int]) -> Codes:
    known: dict[str | None, int] = {}
    read = PARTS["sector"].read
    return np.array([known.setdefault(read(code), len(known)) for code in _listed(codes)], dtype=np.int64)


def _date(text: str | None) -> int:
    return NONE if text is None else int(text.replace("-", ""))
