"""All files that a release is published as: pure functions of the release, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping

from service.audit.archive import RELEASE
from service.publication.page import release_page
from service.publication.recipe import RECIPE, recipe
from service.publication.released import Released
from service.publication.workbook import workbook

PAGE, WORKBOOK = "index.html", "table.xlsx"


def published_files(released: Released) -> Mapping[str, bytes]:
    """Every file by name: those that the gate signed as they are, and what is made of them."""
    made = {WORKBOOK: workbook(released), RECIPE: recipe(released)}
    signed = dict(released.files)
    beside = [*(name for name in signed if name != RELEASE), *made, RELEASE]
    return {PAGE: release_page(released, files=beside), **signed, **made}
