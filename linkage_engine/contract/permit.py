"""A permit: who may do what with which data, for which purpose and until when (Five Safes)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.value import FieldName, ShortText, Slug, Value


class Role(StrEnum):
    """What a person or an organisation's program does for a project."""

    PROVIDER = "provider"
    RESEARCHER = "researcher"
    OUTPUT_CHECKER = "output_checker"
    AUDIT_REVIEWER = "audit_reviewer"
    OPERATOR = "operator"


class LinkageEngine(StrEnum):
    """What compares the pairs of records of a project."""

    DUCKDB = "duckdb"
    """The linkage worker itself."""
    SPARK = "spark"
    """The cluster that the linkage worker was set up with: tokens leave its machine."""


class PublicKey(Value):
    """An Ed25519 public key as a JSON Web Key (RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: str


class Party(Value):
    """One principal with the keys that the permit pins."""

    principal_id: Slug
    name: ShortText
    role: Role
    signing_key: PublicKey
    age_recipient: str | None = None


class DataSetGrant(Value):
    """One provider may send one data set."""

    provider_id: Slug
    data_set: FieldName


class Permit(Value):
    """What governance signed: the only text that starts work inside."""

    permit: Literal[1] = 1
    project_id: Slug
    title: ShortText
    purpose: ShortText
    legal_basis: ShortText
    valid_from: date
    valid_to: date
    lead_provider: Slug
    """The provider that makes the project linkage secret."""
    parties: tuple[Party, ...]
    data_sets: tuple[DataSetGrant, ...]
    templates: tuple[FieldName, ...]
    policy: Slug
    linkage_profile: LinkageProfile = LinkageProfile.TOKENS
    """What providers make of identifiers."""
    engine: LinkageEngine = LinkageEngine.DUCKDB
    """Where pairs are compared: nowhere else, also where that cannot be had."""
    repeating_providers: tuple[Slug, ...] = ()
    """Providers in whose deliveries one person may be several records, as in a register of episodes."""
    secret_epoch: int = 1
    """Of the project linkage secret that deliveries are made with."""
    key_check: str | None = None
    """Set where providers shared a secret before the permit was signed; else the lead's statement says."""

    def is_live(self, on: date) -> bool:
        """Whether the permit is in force on a day, both ends included."""
        return self.valid_from <= on <= self.valid_to

    def party(self, principal_id: str) -> Party | None:
        """The party of that id, or nothing."""
        return next((p for p in self.parties if p.principal_id == principal_id), None)

    def parties_in(self, role: Role) -> tuple[Party, ...]:
        """The parties of one role, in the permit's order."""
        return tuple(p for p in self.parties if p.role is role)

    def grants(self, provider_id: str, data_set: str) -> bool:
        """Whether the provider may send the data set."""
        return DataSetGrant(provider_id=provider_id, data_set=data_set) in self.data_sets
