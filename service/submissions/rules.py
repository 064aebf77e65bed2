"""When a delivery may be received, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION, DATA_SETS, PERSON_KEY, data_set
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Part, Zone
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.profiles import LinkageProfile, column_names
from service.problems.submissions import (
    CounterNotRising,
    ManifestMismatch,
    PackageUnreadable,
    PartsDiffer,
    WrongLinkageProfile,
    WrongLinkageSecret,
    WrongRecipient,
)


class SubmissionState(StrEnum):
    """Where a delivery stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class PartState(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"
    UNSEALED = "unsealed"
    REJECTED = "rejected"


class SubmissionEvent(StrEnum):
    """What happens to a delivery."""

    ALL_UNSEALED = "all-unsealed"
    PART_REJECTED = "part-rejected"
    NEWER_ACCEPTED = "newer-accepted"


TRANSITIONS: Mapping[tuple[SubmissionState, SubmissionEvent], SubmissionState] = {
    (SubmissionState.RECEIVED, SubmissionEvent.ALL_UNSEALED): SubmissionState.ACCEPTED,
    (SubmissionState.RECEIVED, SubmissionEvent.PART_REJECTED): SubmissionState.REJECTED,
    (SubmissionState.ACCEPTED, SubmissionEvent.NEWER_ACCEPTED): SubmissionState.SUPERSEDED,
}
"""Every change there is; any other event leaves the state as it is, so that a job may come twice."""


def next_state(state: SubmissionState, event: SubmissionEvent) -> SubmissionState:
    """The state after an event."""
    return TRANSITIONS.get((state, event), state)


def event_of(parts: Sequence[PartState]) -> SubmissionEvent | None:
    """What the states of all parts say about their delivery; nothing while some wait and none is rejected."""
    if PartState.REJECTED in parts:
        return SubmissionEvent.PART_REJECTED
    if all(state is PartState.UNSEALED for state in parts):
        return SubmissionEvent.ALL_UNSEALED
    return None


@dataclass(frozen=True, slots=True)
class PartRows:
    """How many rows a part has in a delivery and had in the one before it; None: there is no such part."""

    name: str
    rows_before: int | None
    rows: int | None


def rows_by_part(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[PartRows, ...]:
    """What became of each part's rows: the parts of the new delivery in its order, then those it lacks."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(PartRows(name, before.get(name), after.get(name)) for name in names)


def check_manifest(manifest: Manifest, permit: Permit, provider_id: str) -> None:
    """Raise ManifestMismatch unless the delivery is this provider's, for this project, in granted words.

    Raises WrongLinkageProfile where its identifiers were not encoded as the permit says.
    """
    if manifest.linkage_profile != permit.linkage_profile:
        raise WrongLinkageProfile(current=permit.linkage_profile)
    names = [part.name for part in manifest.parts]
    events = [part for part in manifest.parts if part.name != IDENTIFIERS]
    holds = (
        manifest.project_id == permit.project_id
        and manifest.provider_id == provider_id
        and names.count(IDENTIFIERS) == 1
        and len(set(names)) == len(names) > 1
        and all(permit.grants(provider_id, part.name) for part in events)
        and all(part.zone is _zone_of(part) for part in manifest.parts)
        and manifest.catalogue_version == CATALOGUE_VERSION
        and all(set(part.columns) <= _known_columns(part, permit.linkage_profile) for part in manifest.parts)
    )
    if not holds:
        raise ManifestMismatch


def _known_columns(part: Part, profile: LinkageProfile) -> set[str]:
    """The names a part may use; any other word could be a value, and the manifest is kept."""
    if part.name == IDENTIFIERS:
        return {PERSON_KEY, *column_names(profile)}
    return set(data_set(part.name).columns) if part.name in DATA_SETS else set()


def _zone_of(part: Part) -> Zone:
    return Zone.LINKAGE if part.name == IDENTIFIERS else Zone.ANALYSIS


def check_keys(manifest: Manifest, secret: tuple[int, str], recipients: Mapping[Zone, str]) -> None:
    """Raise WrongRecipient or WrongLinkageSecret unless the delivery was made with the keys in force.

    `secret` is epoch and key check of the project linkage secret.
    """
    for part in manifest.parts:
        if part.recipient != recipients[part.zone]:
            raise WrongRecipient(part=part.name, current=recipients[part.zone])
    if (manifest.secret_epoch, manifest.key_check) != secret:
        raise WrongLinkageSecret


def check_members(manifest: Manifest, members: Mapping[str, tuple[int, str]]) -> None:
    """Raise unless the members after the manifest are its parts: names, order, sizes and digests.

    `members` gives size and SHA-256 by name. Raises PackageUnreadable for other members,
    PartsDiffer for other bytes.
    """
    if tuple(members) != tuple(f"{part.name}.age" for part in manifest.parts):
        raise PackageUnreadable
    for part in manifest.parts:
        if members[f"{part.name}.age"] != (part.sealed_bytes, part.sealed_sha256):
            raise PartsDiffer(part=part.name)


def check_counter(counter: int, last: int) -> None:
    """Raise CounterNotRising unless the counter is above every one received before."""
    if counter <= last:
        raise CounterNotRising(last=last)
