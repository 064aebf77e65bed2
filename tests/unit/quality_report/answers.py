"""Answers to questions about a linkage, controlled by the real control from exact numbers drawn by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from linkage_engine.catalogue.analysis_templates import planned_measures
from linkage_engine.contract.controlled_table import TOTAL, ControlledTable
from linkage_engine.contract.query_spec import Breakdown, LinkageQualitySpec
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Persons
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.policy import Policy
from linkage_engine.query.linkage_quality_plan import linkage_quality_plan
from tests.spec.drawn_linkage import a_linkage_spec
from tests.unit.disclosure.tables import DEFAULT, PROVENANCE

Groups = Mapping[str, tuple[int, int]]
"""For each label people and those of them who are linked."""


def some(count: int) -> Persons:
    return np.arange(count, dtype=np.int32)


def asked(*breakdowns: Breakdown, **parameters: object) -> LinkageQualitySpec:
    """Of cancers, linked to practices: what nearly everybody is, and may be told to be."""
    named = {"data_set": "cancer_registration", "linked_to": "gp_registration"}
    return a_linkage_spec(*breakdowns, **named | parameters)


def answer(
    spec: LinkageQualitySpec, groups: Groups, total: tuple[int, int], policy: Policy = DEFAULT
) -> ControlledTable:
    """The controlled table of a question by one breakdown or none; groups that are not named are empty."""
    cells = []
    for labels in linkage_quality_plan(spec).cells():
        label = next((each for each in labels if each != TOTAL), None)
        people, linked = total if label is None else groups.get(label, (0, 0))
        parts = dict.fromkeys(spec.parts, some(linked))
        cells.append(ExactCell(labels, some(people), parts))
    table = ExactTable(
        "Quality", spec.template, tuple(map(str, spec.breakdowns)), planned_measures(spec), tuple(cells)
    )
    return control(table, policy, provenance=PROVENANCE)
