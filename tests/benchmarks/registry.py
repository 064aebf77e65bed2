"""Every benchmark: the name of its file in build/bench/, and the module that measures it."""

from __future__ import annotations

from collections.abc import Mapping

BENCHMARKS: Mapping[str, str] = {
    "age-codec": "age_codec",
    "audited-acts": "audited_acts",
    "encode-tokens": "encode_tokens",
    "forbidden-or-absent": "forbidden_or_absent",
    "history": "history",
    "link": "link",
    "link-registry-to-practices": "link_registry_to_practices",
    "publication-site": "publication_site",
    "questions": "questions",
    "reads": "reads",
    "seal": "seal",
    "tables": "tables",
    "templates": "templates",
    "templates-million": "templates_million",
    "upload": "upload",
}
"""A module is run as a program; it gives `figures(scale)` to `measure.main`."""

DISCLOSURE: Mapping[str, str] = {
    "attackers": "disclosure.attackers",
    "cold-gate": "disclosure.cold_gate",
    "cold-gate-million": "disclosure.cold_gate_million",
    "control-alone": "disclosure.control_alone",
    "exact-answers": "disclosure.exact_answers",
    "flipped-outcomes": "disclosure.flipped_outcomes",
    "gauss-suppression": "disclosure.gauss_suppression",
    "honest": "disclosure.honest",
    "honest-larger": "disclosure.honest_larger",
    "honest-questions": "disclosure.honest_questions",
    "tables": "tables",
    "tables-batch": "disclosure.tables_batch",
    "thousand-releases": "disclosure.thousand_releases",
}
"""Those of docs/DISCLOSURE.md, which take longer: `--disclosure`."""

LINKAGE: Mapping[str, str] = {
    "accuracy": "linkage.accuracy",
    "febrl": "linkage.febrl",
    "layouts": "linkage.layouts",
    "peers": "linkage.peers",
    "profiles": "linkage.profiles",
    "reidentify": "linkage.reidentify",
    "resubmissions": "linkage.resubmissions",
    "speed": "linkage.speed",
}
"""Those of docs/LINKAGE.md: `--linkage`."""
