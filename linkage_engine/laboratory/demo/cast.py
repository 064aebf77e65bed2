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
VALID_FROM, VALID_TO = "2024-01-01", "2035-12-31"
DATA_SETS = {
    "cancer-registry": ("cancer_registration", "death", "qol_response"),
    "gp-federation": ("gp_registration", "gp_event"),
    "hospital-trust": ("apc_spell", "ecds_attendance", "cosd_personalised_care"),
    "council": ("asc_cld_event",),
}
"""Which provider sends what."""
PROVIDERS = tuple(DATA_SETS)
HOSPITAL, QUALITY = "hospital-trust", "linkage_quality"
BESIDES = {"gp-federation": ("gp_event", "events"), "cancer-registry": ("qol_response", "surveys")}
"""Sent where all providers take part, and by which mapping."""


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


def sent_by(provider: str, providers: Sequence[str] = PROVIDERS) -> tuple[str, ...]:
    """What a provider sends where these take part."""
    besides, _ = BESIDES.get(provider, ("", ""))
    return tuple(name for name in DATA_SETS[provider] if name != besides or HOSPITAL in providers)


def mapping_of(provider: str, providers: Sequence[str] = PROVIDERS) -> str:
    """Which of its mappings a provider takes: practices have one with the events in their records."""
    besides, mapping = BESIDES.get(provider, ("", ""))
    return f"mapping-{mapping}.json" if besides in sent_by(provider, providers) else "mapping.json"


def permit_draft(people: Path, *, providers: Sequence[str] = PROVIDERS) -> dict[str, Any]:
    """The permit that governance will sign: from the public keys and grants that everybody handed in."""
    parties = [
        _named(json.loads((people / member.principal_id / "public.json").read_text()))
        for member in cast(providers)
        if member.principal_id not in SERVICE_ONLY
    ]
    return {
        "permit": 2,
        "project_id": PROJECT,
        "signed_by": "governance-lead",
        "title": "Cancer and the use of health and social care in England",
        "purpose": "How many people live with and beyond cancer, and how much emergency care they need.",
        "public_benefit": "Care is planned where it is needed; made-up people benefit nobody.",
        "legal_basis": {
            "dpia": "None needed for made-up people",
            "ethics": "None needed for made-up people",
            "agreement": "None needed for made-up people",
        },
        "intended_outputs": ["Tables of counts by tumour group, sex, age band and area"],
        "valid_from": VALID_FROM,
        "valid_to": VALID_TO,
        "lead_provider": "cancer-registry",
        "parties": parties,
        "data_sets": [
            json.loads(grant_path(people, provider, name).read_text())
            for provider in providers
            for name in sent_by(provider, providers)
        ],
        "templates": list(questions(providers)),
        "policy": "nhs-cancer-default",
    }


def grant_path(people: Path, provider: str, data_set: str) -> Path:
    """Where a provider leaves its grant of a data set."""
    return people / provider / f"grant-{data_set}.json"


def _named(party: dict[str, Any]) -> dict[str, Any]:
    """A party as the permit names it: people with their accreditation and training."""
    if party["role"] == "provider":
        return party
    person = party["principal_id"]
    standing = {"valid_from": VALID_FROM, "valid_to": VALID_TO}
    return party | {
        "person_id": person,
        "accreditation": {"reference": f"Register of made-up researchers, {person}", **standing},
        "training": {"reference": f"Safe use of made-up data, {person}", **standing},
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


def question(template: str, breakdowns: Sequence[str], **parameters: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """A question of the project."""
    return {
        "specification": 1,
        "project_id": PROJECT,
        "template": template,
        "parameters": parameters,
        "breakdowns": list(breakdowns),
    }


TRUSTS = ("XZ1", "XZ2", "XZ3", "XZ4")
"""Trusts of the made-up country: no real one has these codes."""
PERIOD = {"diagnosed_from": "2022-04-01", "diagnosed_to": "2023-12-31"}
"""Of diagnoses with a year of hospital data and of social care before them."""


def specification_to_subtract() -> dict[str, Any]:
    """A differencing attempt: the same people but for who died, came or moved within a week."""
    return specification(
        parameters={"index_date": A_WEEK_EARLIER, "lookback_years": 21}, breakdowns=["sex", "age_band"]
    )


def questions(providers: Sequence[str] = PROVIDERS) -> dict[str, dict[str, Any]]:
    """The questions of the demo by template: but for prevalence only where the hospital takes part."""
    asked = {"prevalence": specification()}
    if HOSPITAL not in providers:
        return asked
    emergency = ("emergency_admission", "emergency_attendance")
    others = (
        question("service_use_trajectory", ["period"], **PERIOD, events=emergency[1:], period="quarter"),
        question("excess_vs_same_age_sex", ["sex"], **PERIOD, events=emergency),
        # From the first day of the hospital data to a year and a quarter before their end.
        question("emergency_15m", ["sex", "age_band"], **PERIOD | {"diagnosed_from": "2021-04-01"}),
        question("social_care_response", ["sex"], **PERIOD, events=["care_assessment"]),
        question("register_completeness", ["sex"], index_date=INDEX_DATE),
        question("cancer_care_review", ["sex"], year="2023/24"),
        question(
            "quality_of_life",
            ["sex"],
            invited_from="2021-04-01",
            invited_to=INDEX_DATE,
            scores=["eq_vas", "eq_index", "summary_score", "global_health", "mobility", "pain", "fatigue"],
        ),
        question(
            "personalised_care_coverage",
            ["organisation"],
            diagnosed_from="2021-04-01",
            diagnosed_to="2024-09-28",
            items=["needs_assessment", "treatment_summary"],
            organisations=TRUSTS,
        ),
        question(
            QUALITY,
            ["age_band", "sex", "ethnic_group", "deprivation", "area"],
            data_set="cancer_registration",
            linked_to="gp_registration",
            index_date=INDEX_DATE,
        ),
    )
    return asked | {each["template"]: each for each in others}
