"""What lists of tokens tell beside the tokens: how many spellings a name has, and of what kind a token is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linkage_engine.laboratory.reidentification.classes import looked_up
from linkage_engine.laboratory.reidentification.parts import anchored_lists, joint, neighbours
from linkage_engine.laboratory.reidentification.seen import NONE, Codes, Seen
from linkage_engine.pseudonymise.families import NEAR

Flags = NDArray[np.bool_]
NEARLY_ALL = 0.98
LEAST_OF_A_KIND = 6
FAMILY_RATIO, GIVEN_RATIO = 0.15, 0.05
"""Of a token's records, how many have one of their household beside them: family names run in households."""
ONE_SEX, BOTH_SEXES = 0.9, 0.75
_DATES_AND_PLACES = ("dob", "dob_month_day", "dob_year_month", "dob_year_day", "sector", "postcode")
BATCH = 50_000


def spelling_counts(seen: Seen, field: str) -> tuple[Codes, Codes]:
    """Votes of records on how many spellings near their name there are: (rows, counts).

    Where lists differ in length the length says it. Were lists filled up at random, two records of one name
    and anchor would share as many tokens as the name has spellings. Nothing where all counts are alike.
    """
    lengths = [seen.lengths[name] for name in seen.lists if name in NEAR and NEAR[name].field == field]
    told = [length for length in lengths if np.ptp(length[length > 0]) > 0] if seen.rows else []
    if told:
        rows, counts = np.arange(seen.rows), told[0]
    else:
        found = [_shared(codes, *neighbours(whole)) for codes, whole in anchored_lists(seen, field)]
        rows = np.concatenate([row for row, _ in found] or [np.empty(0, dtype=np.int64)])
        counts = np.concatenate([count for _, count in found] or [np.empty(0, dtype=np.int64)])
    return (rows, counts) if _differ(counts) else (rows[:0], counts[:0])


def _differ(counts: Codes) -> bool:
    return bool(counts.size) and int(np.bincount(counts).max()) < NEARLY_ALL * counts.size


def _shared(codes: Codes, left: Codes, right: Codes) -> tuple[Codes, Codes]:
    """How many tokens two records share, pair by pair; said of the first."""
    counts = np.zeros(len(left), dtype=np.int64)
    for start in range(0, len(left), BATCH):
        here = slice(start, start + BATCH)
        one, other = codes[left[here]], codes[right[here]]
        equal = (one[:, :, np.newaxis] == other[:, np.newaxis, :]) & (one != NONE)[:, :, np.newaxis]
        counts[here] = equal.sum(axis=(1, 2))
    return left, counts


def same_in_all(tokens: Codes, values: Codes) -> Flags:
    """For each token of a list column, whether all its records have one value."""
    row, place = np.nonzero(tokens != NONE)
    token, value = tokens[row, place], values[row]
    size = int(tokens.max(initial=NONE)) + 1
    least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, NONE)
    np.minimum.at(least, token, value)
    np.maximum.at(most, token, value)
    return np.asarray(least == most)


def name_tokens(seen: Seen) -> dict[str, Codes]:
    """Tokens of addresses that hang on a name alone, by the name's field; NONE for the others.

    Their records agree neither in date of birth nor in sector. They are the family name's where households
    share them, the given name's where they do not and nearly all are of one sex.
    """
    tokens, household = seen.lists.get("near_address"), joint(seen, ("sn", "postcode"))
    if tokens is None or household is None or not {"dob", "sector", "sex"} <= seen.scalars.keys():
        return {}
    size = int(tokens.max(initial=NONE)) + 1
    row, place = np.nonzero(tokens != NONE)
    token = tokens[row, place]
    records = np.bincount(token, minlength=size)
    inside = _inside(tokens, household, size)
    first_sex = np.bincount(token[seen.scalars["sex"][row] == 0], minlength=size)
    one_sex = np.maximum(first_sex, records - first_sex) > ONE_SEX * records
    bare = ~same_in_all(tokens, seen.scalars["dob"]) & ~same_in_all(tokens, seen.scalars["sector"])
    bare &= records >= LEAST_OF_A_KIND
    kinds = {
        "family_name": bare & (inside >= FAMILY_RATIO * records),
        "given_name": bare & (inside < GIVEN_RATIO * records) & one_sex,
    }
    return {field: _only(tokens, kind) for field, kind in kinds.items()}


def _inside(tokens: Codes, household: Codes, size: int) -> Codes:
    """For each token, pairs of one household next to each other that both have it."""
    left, right = neighbours(household)
    found = np.zeros(size, dtype=np.int64)
    for place in range(tokens.shape[1]):
        token = tokens[left, place]
        shared = (token != NONE) & (tokens[right] == token[:, np.newaxis]).any(axis=1)
        found += np.bincount(token[shared], minlength=size)
    return found


def sound_tokens(seen: Seen) -> Codes | None:
    """Tokens for blocking of how both names sound, joined with the year of birth; NONE for the others.

    Their records agree in the year and in nothing else of date and place.
    """
    tokens = seen.lists.get("blocking")
    if tokens is None or not {"birth_year", *_DATES_AND_PLACES} <= seen.scalars.keys():
        return None
    return _only(tokens, _agree_only(seen, tokens, "birth_year"))


def kin_tokens(seen: Seen) -> dict[str, Codes]:
    """Tokens for blocking of the sound or beginning of a name, by the name's field; NONE for the others.

    Their records agree in the middle initial or in a part of the date, and in nothing else of date and place.
    People of both sexes have no given name in common; whoever has a given name in common is of one sex.
    """
    tokens = seen.lists.get("blocking")
    parts = ("middle_initial", "dob_month_day", "dob_year_month", "dob_year_day")
    if tokens is None or not {"sex", *parts, *_DATES_AND_PLACES} <= seen.scalars.keys():
        return {}
    joined = np.logical_or.reduce([_agree_only(seen, tokens, part) for part in parts])
    size = len(joined)
    row, place = np.nonzero(tokens != NONE)
    token, sex = tokens[row, place], seen.scalars["sex"][row]
    records, first = np.bincount(token, minlength=size), np.bincount(token[sex == 0], minlength=size)
    most = np.maximum(first, records - first)
    kinds = {
        "family_name": joined & (most <= BOTH_SEXES * records),
        "given_name": joined & (most > ONE_SEX * records) & (records >= LEAST_OF_A_KIND),
    }
    return {field: _only(tokens, kind) for field, kind in kinds.items()}


def _agree_only(seen: Seen, tokens: Codes, part: str) -> Flags:
    """For each token whether its records have this column in common, and no other date or place."""
    kind = same_in_all(tokens, seen.scalars[part])
    for other in _DATES_AND_PLACES:
        if other != part:
            kind &= ~same_in_all(tokens, seen.scalars[other])
    return kind


def _only(tokens: Codes, kind: Flags) -> Codes:
    return np.where(looked_up(kind.astype(np.int64), tokens) == 1, tokens, NONE)
