"""Who takes part in the demo, and the permit that names them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = "cancer-in-england"
INDEX_DATE = "2024-12-31"
A_WEEK_EARLIER = "2024-12-24"
DATA_SETS = {
    "cancer-registry": ("cancer_registration", "death"),
    "gp-federation": ("gp_registration",),
    "hospital-trust": ("apc_spell", "ecds_attendance"),
    "council": ("asc_cld_event",),
}
"""Which provider sends what."""
PROVIDERS = tuple(DATA_SETS)
HOSPITAL, QUALITY = "hospital-trust", "linkage_quality"


@dataclass(frozen=True)
class Member:
    """One principal: the tool that makes the keys, id, name and role."""

    tool: str
    principal_id: str
    name: str
    role: str


CAST = (
    Member("tre-operate", "operator", "Service operator", "operator"),
    Member("tre-provider", "cancer-registry", "National cancer registry", "provider"),
    Member("tre-provider", "gp-federation", "Federation of general practices", "provider"),
    Member("tre-provider", "hospital-trust", "Hospital trust", "provider"),
    Member("tre-provider", "council", "Council, adult social care", "provider"),
    Member("tre-researcher", "researcher", "Researcher at a think tank", "researcher"),
    Member("tre-checker", "checker-one", "First output checker", "output_checker"),
    Member("tre-checker", "checker-two", "Second output checker", "output_checker"),
    Member("tre-operate", "reviewer", "Audit reviewer", "audit_reviewer"),
)
SERVICE_ONLY = ("operator", "reviewer")
"""Principals of the service, not of a project."""


def cast(providers: Sequence[str] = PROVIDERS) -> tuple[Member, ...]:
    """Everybody where only some of the providers take part."""
    return tuple(one for one in CAST if one.role != "provider" or one.principal_id in providers)


def permit_draft(people: Path, *, providers: Sequence[str] = PROVIDERS) -> dict[str, Any]:
    """The permit that governance will sign: from the public keys that everybody handed in."""
    parties = [
        json.loads((people / member.principal_id / "public.json").read_text())
        for member in cast(providers)
        if member.principal_id not in SERVICE_ONLY
    ]
    return {
        "permit": 1,
        "project_id": PROJECT,
        "title": "Cancer and the use of health and social care in England",
        "purpose": "How many people live with and beyond cancer, and how much emergency care they need.",
        "legal_basis": "None needed for made-up people; a real permit names DPIA, ethics and agreement.",
        "valid_from": "2024-01-01",
        "valid_to": "2035-12-31",
        "lead_provider": "cancer-registry",
        "parties": parties,
        "data_sets": [
            {"provider_id": provider, "data_set": name}
            for provider in providers
            for name in DATA_SETS[provider]
        ],
        "templates": list(questions(providers)),
        "policy": "nhs-cancer-default",
    }


def specification(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """Who lives with or beyond cancer, by tumour group, sex and age band."""
    return {
        "specification": 1,
        "project_id": PROJECT,
        "template": "prevalence",
        "parameters": {"index_date": INDEX_DATE, "lookback_years": 21},
        "breakdowns": ["tumour_group", "sex", "age_band"],
        **changes,
    }


def emergency_specification() -> dict[str, Any]:
    """Emergency care in the fifteen months after a diagnosis: from the hospital data's start to their end."""
    return {
        "specification": 1,
        "project_id": PROJECT,
        "template": "emergency_15m",
        "parameters": {"diagnosed_from": "2021-04-01", "diagnosed_to": "2023-12-31"},
        "breakdowns": ["sex", "age_band"],
    }


def specification_to_subtract() -> dict[str, Any]:
    """A differencing attempt: the same people but for who died, came or moved within a week."""
    return specification(
        parameters={"index_date": A_WEEK_EARLIER, "lookback_years": 21}, breakdowns=["sex", "age_band"]
    )


def linkage_specification() -> dict[str, Any]:
    """Whom of the cancer registry was found at a practice, by whatever the registry holds."""
    return {
        "specification": 1,
        "project_id": PROJECT,
        "template": QUALITY,
        "parameters": {
            "data_set": "cancer_registration",
            "linked_to": "gp_registration",
            "index_date": INDEX_DATE,
        },
        "breakdowns": ["age_band", "sex", "ethnic_group", "deprivation", "area"],
    }


def questions(providers: Sequence[str] = PROVIDERS) -> dict[str, dict[str, Any]]:
    """The questions of the demo by template: but for prevalence only where the hospital takes part."""
    asked = {"prevalence": specification()}
    if HOSPITAL not in providers:
        return asked
    return asked | {"emergency_15m": emergency_specification(), QUALITY: linkage_specification()}
