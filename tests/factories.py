"""Plain makers of what tests need: people with keys, permits, deliveries, signed texts."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION
from linkage_engine.contract.controlled_table import DisclosureRecord, PublishedRecord
from linkage_engine.contract.destruction import DeliveryWithdrawal
from linkage_engine.contract.evidence import HistoryAudit
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Part, Zone
from linkage_engine.contract.permit import DataSetGrant, Grant, Party, Permit, Role, SignedGrant
from linkage_engine.contract.permit_parts import Classification, LegalBasis, OptOuts, Standing
from linkage_engine.contract.query_spec import Breakdown, PrevalenceParameters, QuerySpec, query_spec
from linkage_engine.contract.reports import RunFigures
from linkage_engine.contract.statements import (
    Decision,
    Envelope,
    SecretStatement,
    SignedQuestion,
    Verdict,
    Withdrawal,
)
from service.keys import recipient_sha256
from service.projects.amendments import digest_of
from service.signed import SigningKey, TextType, sign

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROJECT = "prevalence-study"
LINKAGE_RECIPIENT = "age1pq1linkage"
ANALYSIS_RECIPIENT = "age1pq1analysis"
RECIPIENTS = {Zone.LINKAGE: LINKAGE_RECIPIENT, Zone.ANALYSIS: ANALYSIS_RECIPIENT}
KEY_CHECK = "0f" * 8


@dataclass
class Watch:
    """A clock that tests move."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Chance:
    """Randomness that comes again: the same bytes in every run, never the same twice in one."""

    def __init__(self, seed: bytes = b"tests") -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(size)


@dataclass(frozen=True)
class Person:
    """Somebody with a signing key."""

    party: Party
    key: SigningKey

    @property
    def id(self) -> str:
        return self.party.principal_id

    @property
    def role(self) -> Role:
        return self.party.role


def a_person(
    principal_id: str, role: Role, *, key: SigningKey | None = None, age_recipient: str | None = None
) -> Person:
    key = key or SigningKey.generate()
    if role in {Role.OUTPUT_CHECKER, Role.PROVIDER} and age_recipient is None:
        age_recipient = f"age1pq1{principal_id}"
    party = Party(
        principal_id=principal_id,
        name=principal_id.replace("-", " ").title(),
        role=role,
        signing_key=key.public,
        age_recipient=age_recipient,
    )
    return Person(party, key)


ROLES_OF = {
    "northern-trust": Role.PROVIDER,
    "southern-trust": Role.PROVIDER,
    "rosalind": Role.RESEARCHER,
    "rachel": Role.RESEARCHER,
    "cheng": Role.OUTPUT_CHECKER,
    "carol": Role.OUTPUT_CHECKER,
    "chidi": Role.OUTPUT_CHECKER,
    "audrey": Role.AUDIT_REVIEWER,
    "oliver": Role.OPERATOR,
}

OUTSIDERS = {
    "eastern-trust": Role.PROVIDER,
    "rick": Role.RESEARCHER,
    "clara": Role.OUTPUT_CHECKER,
}
"""Registered, but no party of the project."""


def the_people() -> dict[str, Person]:
    """Two providers, two researchers, three output checkers, a reviewer, an operator; and outsiders."""
    return {name: a_person(name, role) for name, role in (ROLES_OF | OUTSIDERS).items()}


CONTROLLER = SigningKey.generate()
"""Whose data they are; in tests everybody's are the same controller's."""
LONG = {"valid_from": date(2020, 1, 1), "valid_to": date(2049, 12, 31)}


def a_grant(
    provider_id: str,
    data_set: str,
    *,
    project_id: str = PROJECT,
    key: SigningKey = CONTROLLER,
    **changes: Any,
) -> DataSetGrant:
    """A data set with its controller's signature."""
    terms = Grant.model_validate(
        {
            "project_id": project_id,
            "provider_id": provider_id,
            "data_set": data_set,
            "classification": Classification.SPECIAL_CATEGORY,
            "opt_outs": OptOuts.APPLIED,
            **LONG,
            **changes,
        }
    )
    granted = SignedGrant(
        controller="The controller",
        controller_key=CONTROLLER.public,
        terms=terms,
        signature=sign(terms, key, TextType.GRANT),
    )
    return DataSetGrant(provider_id=provider_id, data_set=data_set, granted=granted)


def accredited(party: Party, **changes: object) -> Party:
    """The party as a permit names it: who it is, accredited and trained."""
    if party.role not in {Role.RESEARCHER, Role.OUTPUT_CHECKER}:
        return party
    held = Standing(reference="Register 1", **LONG)
    said = {"person_id": party.person, "accreditation": held, "training": held}
    return Party.model_validate(dict(party) | said | changes)


def a_permit(people: Sequence[Person], **changes: Any) -> Permit:
    """A permit of version 2, with standing of people and grants of data wherever `changes` leave them out."""
    providers = [p.id for p in people if p.role is Role.PROVIDER]
    fields: dict[str, Any] = {
        "permit": 2,
        "project_id": PROJECT,
        "signed_by": "grace",
        "title": "Prevalence of cancer",
        "purpose": "Planning of services",
        "public_benefit": "Services where they are needed",
        "legal_basis": LegalBasis(dpia="DPIA 1", ethics="REC 2", agreement="DSA 3"),
        "intended_outputs": ("Tables of people living with cancer",),
        "valid_from": date(2026, 1, 1),
        "valid_to": date(2026, 12, 31),
        "lead_provider": providers[0] if providers else "nobody",
        "parties": tuple(p.party for p in people),
        "data_sets": tuple(
            DataSetGrant(provider_id=provider, data_set=name)
            for provider, name in zip(providers, ("cancer_registration", "gp_registration"), strict=False)
        ),
        "templates": ("prevalence",),
        "policy": "nhs-cancer-default",
        "key_check": KEY_CHECK,
        **changes,
    }
    fields["parties"] = tuple(
        party if party.accreditation else accredited(party) for party in fields["parties"]
    )
    fields["data_sets"] = tuple(
        each if each.granted else a_grant(each.provider_id, each.data_set, project_id=fields["project_id"])
        for each in fields["data_sets"]
    )
    return Permit.model_validate(fields)


def an_amendment(before: str, people: Sequence[Person], **changes: Any) -> Permit:
    """The permit that may take the place of another, given as its text."""
    return a_permit(people, **{"sequence": 2, "amends": digest_of(before), **changes})


def a_part(name: str, data: bytes, **changes: object) -> Part:
    zone = Zone.LINKAGE if name == IDENTIFIERS else Zone.ANALYSIS
    fields: dict[str, object] = {
        "name": name,
        "zone": zone,
        "sealed_sha256": hashlib.sha256(data).hexdigest(),
        "sealed_bytes": len(data),
        "rows": 10,
        "columns": ("person_key",),
        "uncompressed_bytes": 1000,
        "recipient": RECIPIENTS[zone],
    }
    return Part.model_validate(fields | changes)


def a_manifest(parts: Sequence[Part], *, random: Callable[[int], bytes], **changes: object) -> Manifest:
    fields: dict[str, object] = {
        "delivery_id": random(16).hex(),
        "project_id": PROJECT,
        "provider_id": "northern-trust",
        "counter": 1,
        "catalogue_version": CATALOGUE_VERSION,
        "linkage_profile": "tokens",
        "secret_epoch": 1,
        "key_check": KEY_CHECK,
        "extract_date": date(2026, 2, 1),
        "created_at": NOON,
        "parts": tuple(parts),
    }
    return Manifest.model_validate(fields | changes)


def a_tar(members: Sequence[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target.getvalue()


def a_package(
    key: SigningKey,
    *,
    random: Callable[[int], bytes],
    contents: Mapping[str, bytes] | None = None,
    part: Mapping[str, object] | None = None,
    **changes: object,
) -> bytes:
    """A delivery as tre-provider makes it; `part` changes every part, the rest the manifest."""
    contents = contents or {IDENTIFIERS: random(900), "cancer_registration": random(700)}
    parts = [a_part(name, data, **(part or {})) for name, data in contents.items()]
    manifest = a_manifest(parts, random=random, **changes)
    text = sign(manifest, key, TextType.MANIFEST).encode()
    return a_tar([("manifest.jws", text), *((f"{name}.age", data) for name, data in contents.items())])


def a_delivery_withdrawal(by: str, delivery: str, **changes: object) -> DeliveryWithdrawal:
    fields: dict[str, object] = {
        "project_id": PROJECT,
        "provider_id": by,
        "delivery_id": delivery,
        "withdrawn_at": NOON,
    }
    return DeliveryWithdrawal.model_validate(fields | changes)


def a_withdrawal(by: str, sealed: bytes, **changes: object) -> Withdrawal:
    fields: dict[str, object] = {
        "project_id": PROJECT,
        "provider_id": by,
        "persons": 1,
        "sealed_sha256": hashlib.sha256(sealed).hexdigest(),
        "withdrawn_at": NOON,
    }
    return Withdrawal.model_validate(fields | changes)


def a_secret_statement(
    providers: Sequence[Person], envelopes: Mapping[str, bytes], **changes: object
) -> SecretStatement:
    """What the first provider signs; the envelopes need not be sealed for the service to relay them."""
    fields: dict[str, object] = {
        "project_id": PROJECT,
        "secret_epoch": 1,
        "lead_provider": providers[0].id,
        "key_check": KEY_CHECK,
        "roster": tuple(
            Envelope(
                provider_id=provider.id,
                recipient_sha256=recipient_sha256(provider.party.age_recipient or ""),
                sealed_sha256=hashlib.sha256(envelopes[provider.id]).hexdigest(),
            )
            for provider in providers
        ),
        "made_at": NOON,
    }
    return SecretStatement.model_validate(fields | changes)


def a_specification(**changes: object) -> QuerySpec:
    fields: dict[str, object] = {
        "project_id": PROJECT,
        "template": "prevalence",
        "parameters": PrevalenceParameters(index_date=date(2025, 12, 31)),
        "breakdowns": (Breakdown.SEX,),
    }
    return query_spec(fields | changes)


def a_question(asker: Person, *, random: Callable[[int], bytes], **changes: object) -> SignedQuestion:
    fields: dict[str, object] = {
        "asked_by": asker.id,
        "asked_at": NOON,
        "nonce": random(16).hex(),
        "specification": a_specification(),
    }
    return SignedQuestion.model_validate(fields | changes)


def a_decision(checker_id: str, release_id: str, evidence_sha256: str, **changes: object) -> Decision:
    fields: dict[str, object] = {
        "release_id": release_id,
        "project_id": PROJECT,
        "checker_id": checker_id,
        "verdict": Verdict.APPROVE,
        "evidence_sha256": evidence_sha256,
        "reason": "Nothing small is shown",
        "decided_at": NOON,
    }
    return Decision.model_validate(fields | changes)


def some_figures() -> RunFigures:
    """What the linkage door gives of 80 links between 100 and 93 records."""
    numbers = {"records_a": 99, "records_b": 93, "links": 81, "candidate_pairs": 501, "decoys": None}
    figures = {name: {"value": n, "status": "" if n else "[c]"} for name, n in numbers.items()}
    return RunFigures.model_validate(
        {
            "policy": "nhs-cancer-default",
            "linkage_profile": "tokens",
            "effective_threshold": 13,
            "rounding": "midpoint6",
            "pairs": {"northern-trust:southern-trust": {**figures, "seconds": {"train": 1.5}}},
        }
    )


def a_disclosure_record(**changes: object) -> DisclosureRecord:
    fields: dict[str, object] = {
        "policy": "default",
        "policy_version": 1,
        "policy_sha256": "a" * 64,
        "threshold": 10,
        "effective_threshold": 10,
        "rounding": "nearest_five",
        "margins": "independent",
        "cells": 12,
        "cells_hidden": 2,
        "cells_banded": 0,
        "rules": (),
        "specification_sha256": "b" * 64,
        "data_version": "run-1",
        "history_audited": True,
    }
    return DisclosureRecord.model_validate(fields | changes)


def a_published_record(**changes: object) -> PublishedRecord:
    history = a_history_audit().published
    return PublishedRecord(**dict(a_disclosure_record(**changes)), history=history)


def a_history_audit(**changes: object) -> HistoryAudit:
    fields: dict[str, object] = {
        "releases": 3,
        "sets": 40,
        "withheld": 2,
        "rounds": 1,
        "groups": 7,
        "groups_known_before": 0,
        "leverage_mean": 0.0213,
        "leverage_top1": 0.123,
        "leverage_mean_limit": 0.1,
        "leverage_top1_limit": 0.5,
    }
    return HistoryAudit.model_validate(fields | changes)
