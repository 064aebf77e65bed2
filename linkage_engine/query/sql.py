"""What every statement is made of: fixed text, bound parameters, and the catalogue's lists as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.query.table_plan import Plan


@dataclass(frozen=True)
class Statement:
    """One statement and the values bound to its parameters."""

    text: str
    parameters: Mapping[str, object]


LISTS = """
WITH group_code AS (
  SELECT unnest($group_labels) AS label, unnest($group_codes) AS code
),
sex_code AS (
  SELECT unnest($sex_labels) AS label, unnest($sex_codes) AS code
),
band AS (
  SELECT unnest($band_labels) AS label, unnest($band_youngest) AS youngest, unnest($band_oldest) AS oldest
),
"""
"""How a statement begins; `Total` is the label of all cancers."""


def lists(plan: Plan) -> dict[str, object]:
    """The parameters of `LISTS`."""
    codes = [(group.title, code) for group in plan.groups for code in group.categories]
    codes += [(TOTAL, code) for code in plan.all_cancers.categories]
    sexes = [(sex.label, code) for sex in plan.template.sexes for code in sex.codes]
    return {
        "group_labels": [label for label, _ in codes],
        "group_codes": [code for _, code in codes],
        "sex_labels": [label for label, _ in sexes],
        "sex_codes": [code for _, code in sexes],
        "band_labels": [band.label for band in plan.bands],
        "band_youngest": [band.youngest for band in plan.bands],
        "band_oldest": [band.oldest for band in plan.bands],
    }
