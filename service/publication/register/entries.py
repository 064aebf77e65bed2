"""The register's entries: projects from signed permits, releases from where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.permit import DataSetGrant, Permit, Role
from linkage_engine.contract.query_spec import TEMPLATES
from service.publication.register.values import (
    Counts,
    DataUse,
    Participant,
    Project,
    Publisher,
    Register,
    RegisteredRelease,
)
from service.publication.standing import Standing, State
from service.releases.publication import disclosure_statement

NAMED = (Role.PROVIDER, Role.RESEARCHER)
"""Whom the register names; of the others it says how many there are."""


def register(
    publisher: Publisher,
    permits: Iterable[Permit],
    published: Mapping[str, tuple[Standing, tuple[str, ...]]],
    counts: Mapping[str, Counts] | None,
    on: date,
) -> Register:
    """The register of the latest permit of each project, and of all releases with their files' names."""
    latest: dict[str, Permit] = {}
    for each in sorted(permits, key=lambda permit: permit.sequence):
        latest[each.project_id] = each
    shown = [pair for pair in published.values() if pair[0].state is not State.EMBARGOED]
    shown.sort(key=lambda pair: pair[0].released.statement.released_at, reverse=True)
    return Register(
        publisher=publisher,
        on=on,
        projects=tuple(
            _project(each, None if counts is None else counts.get(each.project_id, Counts()))
            for each in sorted(latest.values(), key=lambda permit: permit.title)
        ),
        releases=tuple(_release(standing, files) for standing, files in shown),
        embargoed=len(published) - len(shown),
    )


def _project(permit: Permit, counts: Counts | None) -> Project:
    return Project(
        project_id=permit.project_id,
        title=permit.title,
        purpose=permit.purpose,
        public_benefit=permit.public_benefit,
        legal_basis=permit.legal_basis,
        intended_outputs=permit.intended_outputs,
        valid_from=permit.valid_from,
        valid_to=permit.valid_to,
        closed_on=permit.closed_on,
        amended=permit.sequence - 1,
        participants=tuple(_participants(permit)),
        data=tuple(_data_use(permit, each) for each in permit.data_sets),
        questions=tuple(
            analysis_template(name).title if name in TEMPLATES else name for name in permit.templates
        ),
        policy=permit.policy,
        counts=counts,
    )


def _participants(permit: Permit) -> Iterable[Participant]:
    for party in permit.parties:
        if party.role in NAMED:
            yield Participant(name=party.name, role=party.role.value)
    for role in Role:
        people = {party.person for party in permit.parties_in(role)}
        if people and role not in NAMED:
            yield Participant(name=f"{len(people)}", role=role.value.replace("_", " "))


def _data_use(permit: Permit, grant: DataSetGrant) -> DataUse:
    provider, granted = permit.party(grant.provider_id), grant.granted
    return DataUse(
        data_set=grant.data_set,
        title=data_set(grant.data_set).title,
        provider=provider.name if provider else grant.provider_id,
        granted_by=granted.controller if granted else None,
        until=granted.terms.valid_to if granted else None,
    )


def _release(standing: Standing, files: tuple[str, ...]) -> RegisteredRelease:
    released = standing.released
    is_recalled = standing.state is State.RECALLED
    return RegisteredRelease(
        release_id=standing.id,
        project_id=released.statement.project_id,
        title=released.table.title,
        released_at=released.statement.released_at,
        state=standing.state,
        corrected_by=standing.corrected_by,
        template=released.table.template,
        data_version=released.record.data_version,
        description="Recalled." if is_recalled else disclosure_statement(released.table),
        files=files,
    )
