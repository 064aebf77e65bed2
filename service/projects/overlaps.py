"""Which permits share persons or data sets: what one project is told, another may be told beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from linkage_engine.contract.permit import Permit, Role

ASKING_OR_CHECKING = frozenset({Role.RESEARCHER, Role.OUTPUT_CHECKER})


@dataclass(frozen=True, slots=True)
class Overlap:
    """What another project has in common with one."""

    project_id: str
    people: tuple[str, ...]
    """Persons who ask or check in both."""
    data_sets: tuple[str, ...]
    """As `provider:data_set`."""


def overlaps(permit: Permit, others: Iterable[Permit]) -> tuple[Overlap, ...]:
    """The other projects that are not closed and share a person or a data set, by their ids."""
    people, data = _people(permit), _data(permit)
    found = (
        Overlap(other.project_id, tuple(sorted(people & _people(other))), tuple(sorted(data & _data(other))))
        for other in others
        if other.project_id != permit.project_id and other.closed_on is None
    )
    shared = (one for one in found if one.people or one.data_sets)
    return tuple(sorted(shared, key=lambda one: one.project_id))


def _people(permit: Permit) -> set[str]:
    return {party.person for party in permit.parties if party.role in ASKING_OR_CHECKING}


def _data(permit: Permit) -> set[str]:
    return {f"{each.provider_id}:{each.data_set}" for each in permit.data_sets}
