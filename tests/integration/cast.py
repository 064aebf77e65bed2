"""Who takes part in the story that integration tests tell, and what they agreed on."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from linkage_engine.contract.permit import Role
from linkage_engine.unseal.identity import Identity
from tests.factories import Person, a_person
from tests.integration.extracts import PRACTICES, REGISTRY

NOW = datetime(2025, 4, 7, 9, 0, tzinfo=UTC)
INDEX_DATE = date(2024, 12, 31)
POLICY = "nhs-cancer-default"
GRANTS = ((REGISTRY, "cancer_registration"), (REGISTRY, "death"), (PRACTICES, "gp_registration"))
CAST = {
    REGISTRY: Role.PROVIDER,
    PRACTICES: Role.PROVIDER,
    "rosalind": Role.RESEARCHER,
    "cheng": Role.OUTPUT_CHECKER,
    "carol": Role.OUTPUT_CHECKER,
    "oliver": Role.OPERATOR,
    "audrey": Role.AUDIT_REVIEWER,
}
ENVELOPES = {REGISTRY: b"sealed to the registry", PRACTICES: b"sealed to practices"}
"""Nothing inside opens them: their digests are in the lead provider's statement."""
SERVICE_ONLY = ("oliver", "audrey")
CHECKERS = ("cheng", "carol")


@dataclass(frozen=True)
class Cast:
    """Who takes part, and the age identities that checkers open evidence with."""

    people: Mapping[str, Person]
    identities: Mapping[str, Identity]


def the_cast() -> Cast:
    identities = {name: Identity.generate(secrets.token_bytes) for name in CHECKERS}
    people = {
        name: a_person(
            name, role, age_recipient=str(identities[name].recipient) if name in identities else None
        )
        for name, role in CAST.items()
    }
    return Cast(people, identities)
