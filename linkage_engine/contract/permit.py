"""A permit: who may do what with which data, for which purpose and until when (Five Safes)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from linkage_engine.contract.permit_parts import (
    Classification,
    Dated,
    Ending,
    EndKind,
    LegalBasis,
    MatchRate,
    OptOuts,
    Passkey,
    Standing,
)
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.value import FieldName, Sha256, ShortText, Slug, Value

SAID_NOW = 2
"""The least version of permits that are signed now."""
WITH_PASSKEYS = 3
"""The version that names passkeys: what does not know them does not read it."""


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
    """One principal with the keys that the permit pins, and the person behind it."""

    principal_id: Slug
    name: ShortText
    role: Role
    signing_key: PublicKey
    age_recipient: str | None = None
    person_id: Slug | None = None
    """Who acts under this name; one person may have several, and counts once where two are needed."""
    accreditation: Standing | None = None
    training: Standing | None = None
    passkeys: tuple[Passkey, ...] = ()
    """What an output checker's decisions may be signed with at a browser, beside the signing key."""

    @property
    def public_keys(self) -> frozenset[str]:
        """The public keys that act for it: who shares one with another is not a second person."""
        return frozenset({self.signing_key.x, *(each.public_key for each in self.passkeys)})

    @property
    def person(self) -> str:
        """Who acts: a principal of whom no more is said is a person of its own."""
        return self.person_id or self.principal_id

    @property
    def standing(self) -> dict[EndKind, Standing]:
        """What lets the person work, of what is stated."""
        said = {EndKind.ACCREDITATION: self.accreditation, EndKind.TRAINING: self.training}
        return {kind: held for kind, held in said.items() if held is not None}

    def lapsed(self, on: date) -> EndKind | None:
        """What of the person's standing is not good on a day, if anything is."""
        return next((kind for kind, held in self.standing.items() if not held.is_live(on)), None)


class Grant(Dated):
    """What a controller signs: one provider may send one data set to one project, on these terms."""

    grant: Literal[1] = 1
    project_id: Slug
    provider_id: Slug
    data_set: FieldName
    classification: Classification
    opt_outs: OptOuts


class SignedGrant(Value):
    """A controller's grant with its signature, and the key that governance knows the controller by."""

    controller: ShortText
    controller_key: PublicKey
    terms: Grant
    signature: str
    """The compact JWS of type `tre-grant+jws` over the terms."""


class DataSetGrant(Value):
    """One provider may send one data set, because its controller granted it."""

    provider_id: Slug
    data_set: FieldName
    granted: SignedGrant | None = None
    """Nothing in permits of version 1."""


class Permit(Value):
    """What governance signed: the only text that starts work inside.

    Version 1 said nothing of persons, grants and amendments; what was signed in it is still believed.
    """

    permit: Literal[1, 2, 3] = 1
    project_id: Slug
    sequence: Annotated[int, Field(ge=1)] = 1
    """The first permit of a project is 1, each amendment one more."""
    amends: Sha256 | None = None
    """The digest of the text that this one takes the place of."""
    signed_by: Slug | None = None
    """The person at governance whose key signs."""
    closed_on: date | None = None
    """From this day on nothing runs, and nothing is amended any more."""

    title: ShortText
    purpose: ShortText
    public_benefit: ShortText | None = None
    legal_basis: LegalBasis | ShortText
    """A text in permits of version 1."""
    intended_outputs: tuple[ShortText, ...] = ()
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
    match_rates: tuple[MatchRate, ...] = ()
    """How many records should be linked; a run outside is held back, as is one far from the run before."""
    secret_epoch: int = 1
    """Of the project linkage secret that deliveries are made with."""
    key_check: str | None = None
    """Set where providers shared a secret before the permit was signed; else the lead's statement says."""

    @model_validator(mode="after")
    def says_its_version(self) -> Self:
        """Passkeys are named in the version that has them."""
        if self.permit < WITH_PASSKEYS and any(party.passkeys for party in self.parties):
            raise ValueError("passkeys need version 3")
        return self

    def is_live(self, on: date) -> bool:
        """Whether the permit is in force on a day, both ends included."""
        closed = self.closed_on is not None and on >= self.closed_on
        return self.valid_from <= on <= self.valid_to and not closed

    def lapsed_grants(self, on: date) -> tuple[DataSetGrant, ...]:
        """The data sets whose controller's grant is not good on a day."""
        return tuple(g for g in self.data_sets if g.granted is not None and not g.granted.terms.is_live(on))

    def party(self, principal_id: str) -> Party | None:
        """The party of that id, or nothing."""
        return next((p for p in self.parties if p.principal_id == principal_id), None)

    def parties_in(self, role: Role) -> tuple[Party, ...]:
        """The parties of one role, in the permit's order."""
        return tuple(p for p in self.parties if p.role is role)

    def grants(self, provider_id: str, data_set: str) -> bool:
        """Whether the provider may send the data set."""
        return any((g.provider_id, g.data_set) == (provider_id, data_set) for g in self.data_sets)

    @cached_property
    def endings(self) -> tuple[Ending, ...]:
        """Everything that comes to its end: the permit, each person's standing, each grant."""
        own = Ending(
            kind=EndKind.PERMIT,
            subject=self.project_id,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )
        people = (
            Ending(kind=kind, subject=party.principal_id, valid_from=held.valid_from, valid_to=held.valid_to)
            for party in self.parties
            for kind, held in party.standing.items()
        )
        grants = (
            Ending(
                kind=EndKind.GRANT,
                subject=f"{each.provider_id}:{each.data_set}",
                valid_from=each.granted.terms.valid_from,
                valid_to=each.granted.terms.valid_to,
            )
            for each in self.data_sets
            if each.granted is not None
        )
        return (own, *people, *grants)
