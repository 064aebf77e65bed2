"""The whole public site, as files: the register, a folder for each release, the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from linkage_engine.contract.query_spec import LinkageQualitySpec
from service.publication.announced import announced_files
from service.publication.crate.file import crate_file
from service.publication.register.areas import FOLDER, area_pages
from service.publication.register.data_sets import FOLDER as SOURCES
from service.publication.register.data_sets import data_set_pages
from service.publication.register.dcat import catalogue, source_catalogue
from service.publication.register.entries import register
from service.publication.register.given import Given
from service.publication.register.pages import CATALOGUE, REGISTER, register_pages
from service.publication.released import CRATE, PAGE, WORKBOOK
from service.publication.standing import Standing, State, standings


def site(given: Given, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Every file of the site with its path, one by one; what is under embargo at the moment is in none.

    Raises NoticesRefused before the first file, and SpecificationInvalid for a question that the catalogue
    does not know.
    """
    stands = standings(given.releases, given.notices, now)
    names: dict[str, tuple[str, ...]] = {}
    for each, standing in stands.items():
        files = _files(standing, _reports(stands, standing))
        names[each] = tuple(files)
        yield from ((f"releases/{each}/{name}", data) for name, data in files.items())
    published = {each: (stands[each], names[each]) for each in stands}
    entries = register(given.publisher, given.permits, published, given.counts, now.date())
    of_areas = area_pages(stands.values())
    yield from of_areas.items()
    yield from register_pages(entries, areas=f"{FOLDER}/{PAGE}" if of_areas else None).items()
    yield from data_set_pages(entries).items()
    yield REGISTER, entries.to_bytes()
    yield CATALOGUE, catalogue(entries)
    yield f"{SOURCES}/{CATALOGUE}", source_catalogue(entries)


def _files(standing: Standing, reports: tuple[str, ...]) -> Mapping[str, bytes]:
    files = announced_files(standing, reports)
    if standing.state not in {State.CURRENT, State.CORRECTED}:
        return files
    # A correction's workbook says what changed, which no package does: a crate has the package's own.
    book = None if standing.notice.change_note else files[WORKBOOK]
    return {**files, CRATE: crate_file(standing.released, book)}


def _reports(stands: Mapping[str, Standing], standing: Standing) -> tuple[str, ...]:
    """The current reports on the linkage of the same project's same data."""
    return tuple(
        each
        for each, other in stands.items()
        if other.state is State.CURRENT
        and isinstance(other.released.asked, LinkageQualitySpec)
        and other is not standing
        and _data_of(other) == _data_of(standing)
    )


def _data_of(standing: Standing) -> tuple[str, str]:
    return standing.released.statement.project_id, standing.released.record.data_version
