"""Linked pairs become clusters that hold one record of each provider at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class RecordId:
    """One record: a provider's person in one delivery."""

    provider_id: str
    person_key: str


@dataclass(frozen=True, slots=True)
class LinkedPair:
    """Two records of different providers taken for one person, and how strongly (log2 of the odds)."""

    left: RecordId
    right: RecordId
    match_weight: float


Cluster = tuple[RecordId, ...]
"""Records of one person, sorted, one of a provider at most."""


def clusters(records: Iterable[RecordId], pairs: Iterable[LinkedPair]) -> tuple[Cluster, ...]:
    """Every record in exactly one cluster, no two records of one provider together.

    Single best links: pairs are taken heaviest first (then by id, so that their order does not matter), and a
    pair joins two clusters unless both hold a record of one provider. Pairs of unknown records are ignored.
    Each cluster is sorted, and so are the clusters.
    """
    members: dict[RecordId, list[RecordId]] = {record: [record] for record in records}
    in_order = sorted(pairs, key=lambda p: (-p.match_weight, *sorted((p.left, p.right))))
    for pair in in_order:
        left, right = members.get(pair.left), members.get(pair.right)
        if left is None or right is None or left is right or _share_a_provider(left, right):
            continue
        small, large = sorted((left, right), key=len)
        large.extend(small)
        for record in small:
            members[record] = large
    found = {id(cluster): cluster for cluster in members.values()}
    return tuple(sorted(tuple(sorted(cluster)) for cluster in found.values()))


def _share_a_provider(left: list[RecordId], right: list[RecordId]) -> bool:
    return not {r.provider_id for r in left}.isdisjoint(r.provider_id for r in right)
