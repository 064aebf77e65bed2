"""Classes of records get names: from known people first, then by how common names are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from linkage_engine.contract.profiles import NEAR_LENGTH
from linkage_engine.laboratory.reidentification.classes import looked_up, most_voted, renumbered
from linkage_engine.laboratory.reidentification.seen import NONE, Codes
from linkage_engine.laboratory.reidentification.wanted import BANDS, Shares
from linkage_engine.pseudonymise.variants import near

Costs = NDArray[np.float64]
MOST_CLASSES, MOST_NAMES = 1500, 3000
LEAST = 2
"""Records of a class whose size says anything."""
LARGE = 300
"""Classes, the largest first, whose name is taken to be used up."""
SPELLINGS_DIFFER = 6.0
SMOOTHING = 0.02
RARE = 1e-7


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """What is seen of each record beside its classes."""

    known: Codes
    """The name's code of the known people, NONE for others."""
    spellings: tuple[Codes, Codes]
    """Votes on how many spellings near the name there are: rows and counts."""
    births: Codes
    """Sex and band of birth in one number, NONE where unknown."""
    kin: tuple[tuple[Codes, Codes], ...] = ()
    """Larger groups of records that share a key of the name, such as its sound, with each name's key."""


@dataclass(frozen=True, slots=True, repr=False)
class Names:
    """A public table of names, by code."""

    spelt: tuple[str, ...]
    shares: Shares
    births: Shares | None
    """Share of people by name and birth; None where names do not go by it."""

    def keys(self, read: Callable[[str], str]) -> Codes:
        """A number for each name's key, such as how it sounds."""
        found: dict[str, int] = {}
        return np.array([found.setdefault(read(name), len(found)) for name in self.spelt], dtype=np.int64)


def named_by_class(classes: Codes, evidence: Evidence, names: Names | None) -> Codes:
    """A name for each record: its class's known one, or the one that fits its size and births."""
    named = most_voted(classes, evidence.known, size=int(classes.max(initial=NONE)) + 1)
    if names is not None:
        named = _fitted(classes, named, evidence, names)
    return looked_up(named, classes)


def named_by_group(
    groups: Codes, classes: Codes, keys: Codes, evidence: Evidence, names: Names | None
) -> Codes:
    """A name for each record where groups of classes share only a key of the name, such as its sound.

    Groups are named by their known people or by size, as if keys were names; then each class by its own known
    people, or by the commonest name of the key that has as many spellings near it.
    """
    known = most_voted(classes, evidence.known, size=int(classes.max(initial=NONE)) + 1)
    votes = looked_up(keys, evidence.known)
    key_of = most_voted(groups, votes, size=int(groups.max(initial=NONE)) + 1)
    if names is None:
        return looked_up(known, classes)
    grouped = Names(
        tuple(str(key) for key in range(int(keys.max()) + 1)),
        np.bincount(keys, weights=names.shares).astype(np.float64),
        None if names.births is None else _summed(names.births, keys),
    )
    key_of = _fitted(groups, key_of, Evidence(votes, (groups[:0], groups[:0]), evidence.births), grouped)
    counts = most_voted(*_class_votes(classes, evidence.spellings), size=len(known))
    key = looked_up(key_of, groups)
    guesses = _commonest(key, looked_up(counts, classes), keys, names)
    own = looked_up(known, classes)
    return np.where(own != NONE, own, guesses)


def _class_votes(classes: Codes, votes: tuple[Codes, Codes]) -> tuple[Codes, Codes]:
    rows, counts = votes
    return classes[rows], counts


def _summed(births: Shares, keys: Codes) -> Shares:
    found = np.zeros((int(keys.max()) + 1, births.shape[1]))
    np.add.at(found, keys, births)
    return found


def _commonest(key: Codes, count: Codes, keys: Codes, names: Names) -> Codes:
    """The commonest name of each record's key and, where it is known, number of spellings."""
    expected = _expected_counts(names.spelt)
    table: dict[tuple[int, int], int] = {}
    for code in np.argsort(-names.shares, kind="stable").tolist():
        if names.shares[code] > 0:
            table.setdefault((int(keys[code]), int(expected[code])), code)
            table.setdefault((int(keys[code]), NONE), code)
    pairs, rows = np.unique(np.stack([key, count]), axis=1, return_inverse=True)
    found = [table.get((k, c), table.get((k, NONE), NONE)) for k, c in pairs.T.tolist()]
    return np.array(found, dtype=np.int64)[rows.reshape(-1)]


def _expected_counts(spelt: tuple[str, ...]) -> Codes:
    return np.array([min(len(near(name)), NEAR_LENGTH) for name in spelt], dtype=np.int64)


def _fitted(classes: Codes, named: Codes, evidence: Evidence, names: Names) -> Codes:
    """Unnamed classes get the public names that fit them best, each name once."""
    sizes = np.bincount(classes[classes != NONE], minlength=len(named))
    free = np.flatnonzero((named == NONE) & (sizes >= LEAST))
    free = free[np.argsort(-sizes[free], kind="stable")][:MOST_CLASSES]
    used = named[np.argsort(-sizes, kind="stable")[:LARGE]]
    order = np.argsort(-names.shares, kind="stable")
    offered = order[(names.shares[order] > 0) & ~np.isin(order, used)][:MOST_NAMES]
    if not free.size or not offered.size:
        return named
    cost = sum(_costs(classes, (free, sizes[free]), offered, evidence, names), np.zeros((1, 1)))
    rows, columns = linear_sum_assignment(cost)
    found = named.copy()
    found[free[rows]] = offered[columns]
    return found


def _costs(
    classes: Codes, free: tuple[Codes, Codes], offered: Codes, evidence: Evidence, names: Names
) -> Iterator[Costs]:
    numbers, sizes = free
    place = np.full(int(classes.max()) + 1, NONE, dtype=np.int64)
    place[numbers] = np.arange(len(numbers))
    yield _apart(np.arange(len(numbers)), sizes, names.shares[offered], names.shares[offered])
    for groups, keys in evidence.kin:
        ranked = renumbered(groups)
        group = most_voted(looked_up(place, classes), ranked, size=len(numbers))
        shares = np.bincount(keys, weights=names.shares).astype(np.float64)
        yield _apart(group, np.bincount(ranked)[group], np.sort(shares)[::-1], shares[keys[offered]])
    if evidence.spellings[0].size:
        votes = _class_votes(looked_up(place, classes), evidence.spellings)
        counts = most_voted(*votes, size=len(numbers))[:, np.newaxis]
        expected = _expected_counts(tuple(names.spelt[code] for code in offered.tolist()))
        yield SPELLINGS_DIFFER * ((counts != NONE) & (counts != expected))
    if names.births is not None:
        yield -_fit_of_births(looked_up(place, classes), len(numbers), evidence.births, names.births[offered])


def _apart(ranks: Codes, sizes: Codes, falling: Shares, shares: Shares) -> Costs:
    """How far each name's share is from the share at a class's rank, weighed by how large the class is."""
    expected = np.log(np.maximum(falling[np.minimum(ranks, len(falling) - 1)], RARE))
    weight = 1.0 / (0.1 + 1.0 / sizes)
    return np.asarray(weight[:, np.newaxis] * (expected[:, np.newaxis] - np.log(shares)) ** 2 / 2)


def _fit_of_births(classes: Codes, number: int, births: Codes, shares: Shares) -> Costs:
    """The logarithm of how likely the births of each class are for each name, against everybody's."""
    told = (classes != NONE) & (births != NONE)
    histogram = np.zeros((number, 2 * BANDS))
    np.add.at(histogram, (classes[told], births[told]), 1.0)
    everybody = shares.sum(axis=0) + 1e-9
    everybody /= everybody.sum()
    of_name = shares / shares.sum(axis=1, keepdims=True)
    mixed = (1 - SMOOTHING) * of_name + SMOOTHING * everybody
    return np.asarray(histogram @ np.log(mixed / everybody).T)
