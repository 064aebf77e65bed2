"""A release as a Five Safes RO-Crate: what was asked, what came of it, and who checked it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from linkage_engine.catalogue.analysis_templates import analysis_template
from service.publication.crate import entities as e
from service.publication.crate.bag import bag
from service.publication.page import release_page
from service.publication.recipe import citation, recipe
from service.publication.released import QUERY, RECIPE, WORKBOOK, Released
from service.publication.workbook import workbook
from service.releases.publication import RECORD, disclosure_statement
from service.releases.zipped import zipped

OUTPUTS, WORKFLOW, PACKAGE = "outputs/", "workflow/", "release.zip"
"""Results, the template that was run, and the package as the gate signed it: it verifies by itself."""
TRE, TOOL, GATE, RUN, LICENCE = "#tre", "#tre-publish", "#gate", "#run", "#licence"
PARAMETER, POLICY, PERMIT = "#question", "#policy", "#permit"
UNSTATED = "No licence was stated with the release: ask its publisher."


def crate(released: Released, book: bytes | None = None) -> Mapping[str, bytes]:
    """The files of the crate's bag, by their paths; the same release gives the same bytes.

    Times are those that the package states: of the question and of the release. `book` is the workbook, where
    it was made already.
    """
    results = _results(released, workbook(released) if book is None else book)
    payload = {
        **results,
        QUERY: released.files[QUERY],
        RECORD: released.files[RECORD],
        RECIPE: recipe(released),
        PACKAGE: zipped(released.files.items()),
        **_workflow(released),
    }
    payload[e.PREVIEW] = release_page(released, files=sorted(payload))
    payload[e.METADATA] = _json(e.document(_graph(released, payload, tuple(results))))
    return bag(payload, _info(released))


def _info(released: Released) -> Mapping[str, str]:
    return {
        "External-Identifier": UUID(released.statement.release_id).urn,
        "Bagging-Date": released.statement.released_at.date().isoformat(),
        "External-Description": " ".join(citation(released).split()),
    }


def _results(released: Released, book: bytes) -> dict[str, bytes]:
    """What the run gave, under `outputs/`: every signed file but question and record, and the workbook."""
    signed = {each.name for each in released.statement.files} - {QUERY, RECORD}
    files = {f"{OUTPUTS}{name}": released.files[name] for name in sorted(signed)}
    return {**files, f"{OUTPUTS}{WORKBOOK}": book}


def _workflow(released: Released) -> dict[str, bytes]:
    """The template as a Workflow RO-Crate of its own: a declarative definition, run by the service alone."""
    template = analysis_template(released.asked.template)
    path = f"{template.name}.json"
    root = e.entity(
        e.ROOT,
        "Dataset",
        template.title,
        description=template.definition,
        datePublished=released.statement.released_at.date().isoformat(),
        license=e.ref(LICENCE),
        conformsTo=e.ref(e.WORKFLOW_CRATE),
        hasPart=[e.ref(path)],
        mainEntity=e.ref(path),
    )
    language = e.entity("#template", "ComputerLanguage", "Analysis template of the service")
    workflow = e.entity(
        path,
        ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        template.title,
        version=template.version,
        programmingLanguage=e.ref("#template"),
    )
    licence = e.entity(LICENCE, "CreativeWork", UNSTATED)
    graph = (e.descriptor(), root, workflow, language, licence)
    return {
        f"{WORKFLOW}{path}": _json(template.model_dump(mode="json")),
        f"{WORKFLOW}{e.METADATA}": _json(e.document(graph)),
    }


def _graph(released: Released, payload: Mapping[str, bytes], results: tuple[str, ...]) -> Iterator[e.Entity]:
    actions, people = list(_actions(released, results)), list(_people(released))
    yield e.descriptor()
    yield _root(released, sorted(payload), [each["@id"] for each in actions])
    yield e.entity(e.PROFILE, ["CreativeWork", "Profile"], "Five Safes RO-Crate profile", version="0.4")
    yield from actions
    yield from people
    yield from _files(released, payload)
    yield from _context(released)


def _root(released: Released, paths: list[str], actions: list[str]) -> e.Entity:
    outside = [path for path in paths if not path.startswith(WORKFLOW)]
    return e.entity(
        e.ROOT,
        "Dataset",
        released.table.title,
        description=disclosure_statement(released.table),
        identifier=UUID(released.statement.release_id).urn,
        datePublished=released.statement.released_at.isoformat(),
        publisher=e.ref(TRE),
        license=e.ref(LICENCE),
        conformsTo=e.ref(e.PROFILE),
        hasPart=e.refs([*outside, WORKFLOW]),
        mainEntity=e.ref(WORKFLOW),
        mentions=e.refs(actions),
        sourceOrganization=e.ref(_project(released)),
    )


def _project(released: Released) -> str:
    return f"#project-{released.statement.project_id}"


def _person(principal_id: str) -> str:
    return f"#person-{principal_id}"


def _actions(released: Released, results: tuple[str, ...]) -> Iterator[e.Entity]:
    """The run, and every phase of its review: check, validation, sign-off, disclosure, publishing."""
    statement = released.statement
    at, whole = statement.released_at.isoformat(), e.ref(e.ROOT)
    yield e.entity(
        RUN,
        "CreateAction",
        f"Question {statement.query_id} answered",
        actionStatus=e.COMPLETED,
        startTime=released.question.asked_at.isoformat(),
        endTime=at,
        agent=e.ref(_person(released.question.asked_by)),
        instrument=e.ref(WORKFLOW),
        object=[e.ref(QUERY)],
        result=e.refs(results),
    )
    yield e.action(
        "#check", "AssessAction", "Digests, signature and log entry of the release: hold",
        phase="CheckValue", at=at, object=[whole, e.ref(PACKAGE)], instrument=e.ref(e.SHA256),
        agent=e.ref(TOOL),
    )  # fmt: skip
    yield e.action(
        "#validation", "AssessAction", "Validation against the Five Safes RO-Crate profile: approved",
        phase="ValidationCheck", at=at, object=whole, instrument=e.ref(e.PROFILE), agent=e.ref(TOOL),
    )  # fmt: skip
    yield e.action(
        "#sign-off", "AssessAction", "Question within the project's permit, before it was answered: approved",
        phase="SignOff", at=released.question.asked_at.isoformat(),
        object=[whole, e.ref(WORKFLOW), e.ref(_project(released))], instrument=e.ref(PERMIT),
        agent=e.ref(GATE),
    )  # fmt: skip
    yield e.action(
        "#disclosure-control", "AssessAction", "Disclosure control by machine: approved",
        phase="DisclosureCheck", at=at, object=whole, instrument=e.ref(POLICY), agent=e.ref(GATE),
    )  # fmt: skip
    for checker, decision in zip(statement.approved_by, statement.decisions_sha256, strict=True):
        yield e.action(
            f"#disclosure-check-{checker}", "AssessAction", "Disclosure check by an output checker: approved",
            phase="DisclosureCheck", at=at, object=whole, agent=e.ref(_person(checker)),
            identifier=f"sha256:{decision}",
        )  # fmt: skip
    yield e.action(
        "#manifests", "UpdateAction", "BagIt manifests of the crate made",
        phase="GenerateCheckValue", at=at, object=whole, instrument=e.ref(e.SHA512), agent=e.ref(TOOL),
    )  # fmt: skip


def _people(released: Released) -> Iterator[e.Entity]:
    """Who asked and who approved, by the names that the permit knows them by."""
    asker, tre = released.question.asked_by, e.ref(TRE)
    member = [e.ref(_project(released))]
    yield e.entity(_person(asker), "Person", asker, memberOf=member, affiliation=tre)
    for checker in dict.fromkeys(released.statement.approved_by):
        yield e.entity(_person(checker), "Person", checker, affiliation=tre)


def _files(released: Released, payload: Mapping[str, bytes]) -> Iterator[e.Entity]:
    template = analysis_template(released.asked.template)
    for path, data in sorted(payload.items()):
        if not path.startswith(WORKFLOW):
            more = {"exampleOfWork": e.ref(PARAMETER)} if path == QUERY else {}
            yield e.file_entity(path, NAMES.get(path, path.removeprefix(OUTPUTS)), len(data), **more)
    yield e.entity(
        WORKFLOW, "Dataset", template.title, conformsTo=e.ref(e.WORKFLOW_CRATE), version=template.version
    )
    yield e.entity(PARAMETER, "FormalParameter", "question", additionalType="File", valueRequired=True)


NAMES = {
    QUERY: "The question, with its researcher's signature",
    RECORD: "What disclosure control did",
    RECIPE: "Recipe card",
    PACKAGE: "The release as it was signed, with its log proof and checkpoint",
    e.PREVIEW: "The release as a page",
}


def _context(released: Released) -> Iterator[e.Entity]:
    """What the others refer to."""
    statement, record = released.statement, released.record
    tre = e.ref(TRE)
    yield e.entity(TRE, "Organization", f"Trusted research environment of {released.log.origin}")
    yield e.entity(TOOL, "SoftwareApplication", "tre-publish", provider=tre)
    yield e.entity(GATE, "SoftwareApplication", "Gate of the linkage service", provider=tre)
    yield e.entity(_project(released), "Project", statement.project_id, identifier=statement.project_id)
    yield e.entity(
        POLICY,
        "CreativeWork",
        f"{record.policy}, version {record.policy_version}",
        identifier=f"sha256:{record.policy_sha256}",
    )
    yield e.entity(PERMIT, "CreativeWork", f"Permit of project {statement.project_id}")
    yield e.entity(LICENCE, "CreativeWork", UNSTATED)
    yield e.entity(e.SHA256, "DefinedTerm", "sha-256 algorithm")
    yield e.entity(e.SHA512, "DefinedTerm", "sha-512 algorithm")


def _json(value: Any) -> bytes:  # noqa: ANN401  # JSON
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
