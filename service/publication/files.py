"""All files that a release is published as: pure functions of the release, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.audit.archive import RELEASE
from service.publication.page import NOTHING, Beside, release_page
from service.publication.recipe import recipe
from service.publication.released import PAGE, RECIPE, WORKBOOK, Released
from service.publication.workbook import workbook


def published_files(
    released: Released, *, beside: Beside = NOTHING, more: Mapping[str, bytes] = MappingProxyType({})
) -> Mapping[str, bytes]:
    """Every file by name: those that the gate signed as they are, what is made of them, and `more`."""
    made = {WORKBOOK: workbook(released), RECIPE: recipe(released), **more}
    signed = dict(released.files)
    names = [*(name for name in signed if name != RELEASE), *made, RELEASE]
    return {PAGE: release_page(released, files=names, beside=beside), **signed, **made}
