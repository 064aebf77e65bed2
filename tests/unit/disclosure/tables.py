"""Exact tables for tests, from numbers alone."""

from __future__ import annotations

import numpy as np

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import ControlledTable
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Persons
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance

MEASURES = analysis_template("prevalence").measures
NUMERATOR, DENOMINATOR, PERCENT, PER_100_000 = range(4)
"""Where each measure of prevalence stands in a row."""
PROVENANCE = Provenance(specification_sha256="ab" * 32, data_version="delivery-set-one")
DEFAULT = Policy.from_json(policy_text("nhs-cancer-default"))
HES = Policy.from_json(policy_text("hes-2018"))


def some(size: int, start: int = 0) -> Persons:
    return np.arange(start, start + size, dtype=np.int32)


def a_cell(count: int, population: int, label: str = "Total", *, applicable: bool = True) -> ExactCell:
    """A cell of so many people counted out of so many."""
    return ExactCell((label,), some(population), {"numerator": some(count)}, applicable=applicable)


def a_table(*cells: ExactCell) -> ExactTable:
    """A table of cells over one dimension."""
    return ExactTable("People", "prevalence", ("sex",), MEASURES, cells)


def controlled(*cells: ExactCell, policy: Policy = DEFAULT) -> ControlledTable:
    """Cells after control."""
    return control(a_table(*cells), policy, provenance=PROVENANCE)
