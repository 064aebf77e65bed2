"""What the parts of one question do, by the roles that its template declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from linkage_engine.catalogue.analysis_templates import AnalysisTemplate, analysis_template
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.roles import AskedRoles


def asked_roles(spec: QuerySpec) -> AskedRoles:
    """Which outcomes a question counts, how, and of which cohort."""
    template = analysis_template(spec.template)
    roles, parameters = template.roles, template.roles.parameters
    counted = {name for name, each in parameters.items() if each.counts and not each.chooses}
    filtered = {name for name, each in parameters.items() if each.filters}
    linkage = spec.model_dump(mode="json", include={"linkage"})  # nothing of the one that is meant by itself
    asked = {name: roles.dimensions[name] for name in spec.breakdowns}
    return AskedRoles(
        outcomes={name: roles.parts[name].outcome for name in spec.parts},
        dividing=tuple(name for name, each in asked.items() if not each.classifies),
        counting=tuple(name for name, each in asked.items() if each.counts and each.classifies),
        counted_as=_digest(template, linkage | _values(spec, counted)),
        cohort=_digest(template, _values(spec, filtered)) if filtered else None,
    )


def _values(spec: QuerySpec, names: set[str]) -> dict[str, Any]:
    return spec.parameters.model_dump(mode="json", include=names)


def _digest(template: AnalysisTemplate, values: Mapping[str, Any]) -> str:
    """The same values in the same template, the same digest."""
    text = json.dumps([template.name, template.version, values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
