"""All that an attacker tries, and what he then says of each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from linkage_engine.laboratory.reidentification.classes import chained, looked_up, most_voted
from linkage_engine.laboratory.reidentification.dates import named_dates
from linkage_engine.laboratory.reidentification.filters import Table, distinct, named_filters
from linkage_engine.laboratory.reidentification.lists import (
    kin_tokens,
    name_tokens,
    sound_tokens,
    spelling_counts,
)
from linkage_engine.laboratory.reidentification.naming import (
    Evidence,
    Names,
    named_by_class,
    named_by_group,
)
from linkage_engine.laboratory.reidentification.parts import SOUND, WHOLE, carriers
from linkage_engine.laboratory.reidentification.places import named_postcodes
from linkage_engine.laboratory.reidentification.seen import NONE, Codes, Seen
from linkage_engine.laboratory.reidentification.wanted import BANDS, Known, PublicTables, band
from linkage_engine.pseudonymise.variants import soundex

FILTER_OF = {"family_name": "family_filter", "given_name": "given_filter"}
SEEDS = 20
"""Filters from which letters are learnt where nobody is known: the commonest."""
Guess = tuple[str, str, Codes]
"""The strategy, the field, and a value's code for each record, NONE where he says nothing."""


def guesses(seen: Seen, known: Known, tables: PublicTables, *, uses_tables: bool) -> Iterator[Guess]:
    """Every strategy's guesses; without tables only what known people teach."""
    public = tables if uses_tables else None
    dates = named_dates(seen, known, public)
    yield "calendar", "date_of_birth", dates
    yield "sizes of sectors", "postcode", named_postcodes(seen, known, public)
    births = _births(seen, known, dates, public)
    bare = name_tokens(seen)
    seeds: dict[str, Codes] = {}
    for field in (field for field, spelt in tables.names.items() if spelt):
        evidence = Evidence(known.everybody(field, seen.rows), spelling_counts(seen, field), births)
        names = _names(tables, field) if uses_tables else None
        for strategy, guess in _by_names(seen, field, bare.get(field), evidence, (tables, names)):
            seeds.setdefault(field, guess)
            yield strategy, field, guess
    yield from _by_letters(seen, known, tables, seeds)


def _by_names(
    seen: Seen,
    field: str,
    bare: Codes | None,
    evidence: Evidence,
    public: tuple[PublicTables, Names | None],
) -> Iterator[tuple[str, Codes]]:
    """One strategy for each kind of token that may be chained, the names' own tokens always among them."""
    tables, names = public
    whole = carriers(seen, WHOLE[field])
    if FILTER_OF[field] in seen.filters:
        whole.append(distinct(seen.filters[FILTER_OF[field]]).of_record)
    classes = chained(seen.rows, whole)
    yield "names", named_by_class(classes, evidence, names)
    spelt = _names(tables, field)
    kin = kin_tokens(seen)
    sounds = [*whole, *carriers(seen, SOUND[field]), *_present(sound_tokens(seen))]
    groups = {"sounds": (chained(seen.rows, sounds), spelt.keys(soundex))}
    if field in kin:
        groups["sounds in blocking"] = (chained(seen.rows, [*sounds, kin[field]]), spelt.keys(soundex))
    if bare is not None and (bare != NONE).any():
        groups["addresses"] = (chained(seen.rows, [*whole, bare]), spelt.keys(_sound_and_beginning))
    for strategy, (group, keys) in groups.items():
        yield strategy, named_by_group(group, classes, keys, evidence, names)
    yield "names in groups", named_by_class(classes, replace(evidence, kin=tuple(groups.values())), names)


def _by_letters(
    seen: Seen, known: Known, tables: PublicTables, seeds: Mapping[str, Codes]
) -> Iterator[Guess]:
    """What the bits of filters say; with nobody known `seeds` name the commonest filters."""
    columns = {
        field: distinct(seen.filters[name])
        for field, name in FILTER_OF.items()
        if name in seen.filters and tables.names[field]
    }
    if not columns:
        return
    first, offered, certain = 0, {}, {}
    for field, filters in columns.items():
        offered[field] = tables.commonest[field] + first
        teachers = known.everybody(field, seen.rows)
        if not len(known.rows):
            teachers = np.where(filters.of_record < SEEDS, seeds[field], NONE)
        certain[field] = _shifted(most_voted(filters.of_record, teachers, size=len(filters.counts)), first)
        first += len(tables.names[field])
    if all((codes == NONE).all() for codes in certain.values()):
        return
    shares = np.concatenate([tables.shares[field] for field in columns])
    table = Table(
        tuple(name for field in columns for name in tables.names[field]),
        np.log(np.maximum(shares, 1e-9)).astype(np.float32),
        offered,
    )
    first = 0
    for field, guess in named_filters(columns, certain, table).items():
        yield "letters of filters", field, _shifted(guess, -first)
        first += len(tables.names[field])


def _shifted(codes: Codes, by: int) -> Codes:
    return np.where(codes == NONE, NONE, codes + by)


def _present(codes: Codes | None) -> list[Codes]:
    return [] if codes is None else [codes]


def _sound_and_beginning(name: str) -> str:
    return soundex(name) + name[:3]


def _names(tables: PublicTables, field: str) -> Names:
    births = tables.given_by_birth if field == "given_name" else None
    return Names(tables.names[field], tables.shares[field], births)


def _births(seen: Seen, known: Known, dates: Codes, public: PublicTables | None) -> Codes:
    """Sex and band of birth of each record, as far as they can be told."""
    if public is None or "sex" not in seen.scalars:
        return np.full(seen.rows, NONE, dtype=np.int64)
    sexes = seen.scalars["sex"]
    named = most_voted(sexes[known.rows], known.sexes, size=int(sexes.max(initial=NONE)) + 1)
    if (named == NONE).all():  # there are more women: 1 is the code of women
        named = np.argsort(np.argsort(np.bincount(sexes[sexes != NONE], minlength=len(named)))).astype(
            np.int64
        )
    sex = looked_up(named, sexes)
    return np.where((sex == NONE) | (dates == NONE), NONE, sex * BANDS + band(dates // 10000))
