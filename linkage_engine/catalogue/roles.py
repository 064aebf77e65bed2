"""What the parts of one question do, by the roles that its template declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from linkage_engine.catalogue.analysis_templates import AnalysisTemplate, analysis_template
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.roles import AskedRoles


def asked_roles(spec: QuerySpec) -> AskedRoles:
    """Which outcomes a question counts, how, and of which cohort."""
    template = analysis_template(spec.template)
    roles, parameters = template.roles, template.roles.parameters
    counted = [name for name, each in parameters.items() if each.counts and not each.chooses]
    filtered = [name for name, each in parameters.items() if each.filters]
    asked = {name: roles.dimensions[name] for name in spec.breakdowns}
    return AskedRoles(
        outcomes={name: roles.parts[name].outcome for name in spec.parts},
        dividing=tuple(name for name, each in asked.items() if not each.classifies),
        counting=tuple(name for name, each in asked.items() if each.counts and each.classifies),
        counted_as=_digest(template, spec, counted),
        cohort=_digest(template, spec, filtered) if filtered else None,
    )


def _digest(template: AnalysisTemplate, spec: QuerySpec, names: Collection[str]) -> str:
    """The same values of these parameters in the same template, the same digest."""
    values = spec.parameters.model_dump(mode="json", include=set(names))
    text = json.dumps([template.name, template.version, values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
