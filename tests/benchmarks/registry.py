"""Every benchmark: the name of its file in build/bench/, and the module that measures it."""

from __future__ import annotations

from collections.abc import Mapping

BENCHMARKS: Mapping[str, str] = {
    "age-codec": "age_codec",
    "audited-acts": "audited_acts",
    "encode-tokens": "encode_tokens",
    "history": "history",
    "link": "link",
    "link-registry-to-practices": "link_registry_to_practices",
    "questions": "questions",
    "reads": "reads",
    "seal": "seal",
    "tables": "tables",
    "upload": "upload",
}
"""A module is run as a program; it gives `figures(scale)` to `measure.main`."""
