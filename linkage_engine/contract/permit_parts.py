"""What permits are made of: standing of people, legal basis, terms of data, and what comes to its end."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from linkage_engine.contract.value import Base64Url, ShortText, Slug, Value


class Dated(Value):
    """Something that is good for a time, both ends included."""

    valid_from: date
    valid_to: date

    def is_live(self, on: date) -> bool:
        """Whether it is good on a day."""
        return self.valid_from <= on <= self.valid_to


class Standing(Dated):
    """An accreditation or a training that a person holds."""

    reference: ShortText
    """Where it can be looked up: register and number."""


class LegalBasis(Value):
    """Why the data may be used: each part by the number under which it can be looked up."""

    dpia: ShortText
    """The data protection impact assessment (UK GDPR article 35)."""
    ethics: ShortText
    agreement: ShortText
    """The data sharing agreement."""


class Classification(StrEnum):
    """What a controller calls its data, before anything was done to them."""

    PERSONAL = "personal"
    SPECIAL_CATEGORY = "special-category"
    """Of health and the like (UK GDPR article 9)."""
    CONFIDENTIAL_PATIENT = "confidential-patient"
    """Given in confidence to a care team (NHS Act 2006 s. 251)."""


class OptOuts(StrEnum):
    """What a provider does about people who do not want their data used for research."""

    APPLIED = "applied"
    """They are taken out before a delivery is sealed."""
    NOT_REQUIRED = "not-required"
    """The legal basis does not ask for it."""


class EndKind(StrEnum):
    """What of a permit can come to its end."""

    PERMIT = "permit"
    ACCREDITATION = "accreditation"
    TRAINING = "training"
    GRANT = "grant"


class Ending(Dated):
    """One thing of a permit with its dates: itself, a person's standing or a controller's grant."""

    kind: EndKind
    subject: str
    """The project, the principal, or `provider:data_set`."""


Percent = Annotated[float, Field(ge=0, le=100)]


class MatchRate(Value):
    """The percentage of a provider's records that governance expects to be linked with another's."""

    provider_id: Slug
    linked_to: Slug
    least_percent: Percent = 0
    most_percent: Percent = 100

    @model_validator(mode="after")
    def is_a_range(self) -> Self:
        """The least is no more than the most, of two providers."""
        if self.least_percent > self.most_percent or self.provider_id == self.linked_to:
            raise ValueError("no range of two providers")
        return self


class Passkey(Value):
    """A passkey that an output checker signs decisions with, as governance was told of it."""

    credential_id: Base64Url
    public_key: Base64Url
    """Its SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7): P-256, Ed25519 or RSA."""
    host: ShortText
    """What it was made for: it answers nobody else."""
    origin: ShortText
    """Of the pages on which it is used."""
