"""The register as pages: who uses which data and why, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from linkage_engine.contract.permit_parts import LegalBasis
from service.publication.page import as_bytes, bullets, document, links, paragraph, terms
from service.publication.register.data_sets import FOLDER, used_data_sets
from service.publication.register.values import Counts, DataUse, Project, Register, RegisteredRelease
from service.publication.released import PAGE
from service.publication.standing import State
from service.publication.words import day

REGISTER, CATALOGUE = "register.json", "catalogue.jsonld"
_COUNTED = (
    ("asked", "Questions asked"),
    ("not_answered", "Questions not answered: refused by disclosure control, or failed"),
    ("released", "Releases signed"),
    ("refused_by_checkers", "Decisions of output checkers against a release"),
    ("vetoed", "Releases that a provider vetoed"),
)
_STATES = {
    State.CURRENT: "",
    State.CORRECTED: " (corrected)",
    State.RECALLED: " (recalled)",
}


def register_pages(register: Register, *, areas: str | None) -> dict[str, bytes]:
    """Every page of the register by its path within the site; `areas` is where pages of areas are listed."""
    pages = {PAGE: as_bytes(document(register.publisher.title, _index(register, areas)))}
    for project in register.projects:
        body = _project(project, register.of_project(project.project_id))
        pages[f"{project.folder}/{PAGE}"] = as_bytes(document(project.title, body))
    return pages


def _index(register: Register, areas: str | None) -> Iterator[str]:
    publisher = register.publisher
    yield '<p class="summary">Who uses which data about people, why, and what came of it.</p>'
    yield paragraph(
        f"Published by {publisher.name} on {day(register.on)}. Questions to: {publisher.contact}."
    )
    if areas is not None:
        yield "<h2>My area, my cancer</h2>"
        yield from links([(areas, "What has been published of each area")])
    yield "<h2>Projects</h2>"
    yield from links((f"{each.folder}/{PAGE}", each.title) for each in register.projects)
    yield "<h2>Releases</h2>"
    yield from _releases(register.releases, up="")
    if register.embargoed:
        yield paragraph(f"Signed and not published yet: {register.embargoed}.")
    yield "<h2>Data sets</h2>"
    used = used_data_sets(register).values()
    yield from links((f"{FOLDER}/{each.name}/{PAGE}", f"{each.title} ({each.name})") for each in used)
    if any(project.counts for project in register.projects):
        yield "<h2>Refusals</h2>"
        yield paragraph("Counted in the audit log, whose proofs were verified, over all projects:")
        yield from terms(_counted([each.counts for each in register.projects if each.counts]))
    yield "<h2>For programs</h2>"
    yield from links(
        (
            (REGISTER, "The register as JSON"),
            (CATALOGUE, "The catalogue of releases (DCAT, JSON-LD)"),
            (f"{FOLDER}/{CATALOGUE}", "The catalogue of data sets (DCAT, JSON-LD)"),
        )
    )


def _releases(releases: Iterable[RegisteredRelease], *, up: str) -> Iterator[str]:
    yield from links(
        (
            f"{up}{each.folder}/{PAGE}",
            f"{each.title}, {day(each.released_at)}, release {each.release_id}{_STATES[each.state]}",
        )
        for each in releases
    )


def _project(project: Project, releases: tuple[RegisteredRelease, ...]) -> Iterator[str]:
    yield f'<p class="summary">{escape(project.purpose)}</p>'
    if project.public_benefit:
        yield paragraph(f"Public benefit: {project.public_benefit}")
    ends = f"from {day(project.valid_from)} to {day(project.valid_to)}"
    closed = f"; closed on {day(project.closed_on)}" if project.closed_on else ""
    yield paragraph(f"Permitted {ends}{closed}. Amended {project.amended} times.")
    yield "<h2>Legal basis</h2>"
    yield from _legal_basis(project.legal_basis)
    yield "<h2>Who takes part</h2>"
    yield from terms(_by_role(project))
    yield "<h2>Which data</h2>"
    yield from bullets(map(_data, project.data))
    yield "<h2>Which questions</h2>"
    yield from bullets(project.questions)
    yield paragraph(f"Every answer is controlled by policy {project.policy}, and approved by two people.")
    if project.intended_outputs:
        yield "<h2>Intended outputs</h2>"
        yield from bullets(project.intended_outputs)
    yield "<h2>Releases</h2>"
    yield from _releases(releases, up="../../")
    if project.counts:
        yield "<h2>What became of questions</h2>"
        yield from terms(_counted([project.counts]))
    yield '<p><a href="../../index.html">The whole register</a></p>'


def _by_role(project: Project) -> Iterator[tuple[str, str]]:
    for role in dict.fromkeys(each.role for each in project.participants):
        names = (each.name for each in project.participants if each.role == role)
        yield role.capitalize(), "; ".join(names)


def _legal_basis(basis: LegalBasis | str) -> Iterator[str]:
    if isinstance(basis, LegalBasis):
        yield from terms(
            (
                ("Data protection impact assessment", basis.dpia),
                ("Ethics", basis.ethics),
                ("Data sharing agreement", basis.agreement),
            )
        )
    else:
        yield paragraph(basis)


def _data(use: DataUse) -> str:
    controller = f", granted by {use.granted_by}" if use.granted_by else ""
    until = f" until {day(use.until)}" if use.until else ""
    return f"{use.title} from {use.provider}{controller}{until}"


def _counted(counts: list[Counts]) -> Iterator[tuple[str, str]]:
    for name, title in _COUNTED:
        yield title, f"{sum(getattr(each, name) for each in counts):,}"
