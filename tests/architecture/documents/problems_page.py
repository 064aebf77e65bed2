"""docs/problems.md: every refusal of the service, from the classes that make them."""

from __future__ import annotations

from collections.abc import Mapping

from service.problems.problem import Problem

HEAD = """# Refusals and what to do

Every refusal of the service and its tools is one of these; its `type` is `/problems/` and the slug.
Written from `service/problems/` by `python -m tests.architecture.documents`.

| slug | status | what happened | what to do |
|---|---|---|---|
"""


def problems_page(catalogue: Mapping[str, type[Problem]]) -> str:
    """The page: one row for each problem, by slug."""
    return HEAD + "".join(f"{_row(catalogue[slug])}\n" for slug in sorted(catalogue))


def _row(kind: type[Problem]) -> str:
    cells = (f"`{kind.slug}`", str(kind.status), kind.detail(), kind.remedy)
    return f"| {' | '.join(' '.join(cell.split()) for cell in cells)} |"
