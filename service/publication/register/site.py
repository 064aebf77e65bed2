"""The whole public site, as files: the register, a folder for each release, the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from service.publication.announced import announced_files
from service.publication.crate.file import crate_file
from service.publication.files import WORKBOOK
from service.publication.register.dcat import catalogue
from service.publication.register.entries import register
from service.publication.register.given import Given
from service.publication.register.pages import CATALOGUE, REGISTER, register_pages
from service.publication.standing import Standing, State, standings

CRATE = "crate.zip"


def site(given: Given, now: datetime) -> Mapping[str, bytes]:
    """Every file of the site by its path; what is under embargo at the moment is not in any.

    Raises NoticesRefused, and SpecificationInvalid for a question that the catalogue does not know.
    """
    stands = standings(given.releases, given.notices, now)
    files = {each: _files(standing) for each, standing in stands.items()}
    named = {each: (stands[each], tuple(files[each])) for each in stands}
    entries = register(given.publisher, given.permits, named, given.counts, now.date())
    return {
        **register_pages(entries),
        REGISTER: entries.to_bytes(),
        CATALOGUE: catalogue(entries),
        **{f"releases/{each}/{name}": data for each, held in files.items() for name, data in held.items()},
    }


def _files(standing: Standing) -> Mapping[str, bytes]:
    files = announced_files(standing)
    if standing.state not in {State.CURRENT, State.CORRECTED}:
        return files
    return {**files, CRATE: crate_file(standing.released, files[WORKBOOK])}
