"""Whether a bag is a Five Safes RO-Crate 0.4: what the profile's text says MUST be, and its review phases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.publication.crate import entities as e
from service.publication.crate.bag import INFO, PAYLOAD, bag_faults, info_of

STATES = frozenset(
    f"http://schema.org/{state}ActionStatus" for state in ("Potential", "Active", "Completed", "Failed")
)
PHASES = ("CheckValue", "ValidationCheck", "SignOff", "DisclosureCheck", "GenerateCheckValue")
"""Of a crate that is published: each has to be told."""


@dataclass(frozen=True)
class Graph:
    """The entities of a metadata file by their ids."""

    entities: Mapping[str, e.Entity]

    @property
    def root(self) -> e.Entity:
        """The root data entity; empty where there is none."""
        return self.entities.get(e.ROOT, {})

    def of(self, entity: e.Entity, name: str) -> list[e.Entity]:
        """The entities that a property refers to; one that is not there is empty."""
        return [self.entities.get(each, {}) for each in ids(entity.get(name))]

    def actions(self, kind: str) -> list[e.Entity]:
        """The actions of a kind that the root mentions."""
        return [each for each in self.of(self.root, "mentions") if kind in _kinds(each)]


def ids(said: object) -> list[str]:
    """The ids that a property names, one or many."""
    each = said if isinstance(said, list) else [said]
    return [one["@id"] for one in each if isinstance(one, dict) and isinstance(one.get("@id"), str)]


def crate_faults(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """What keeps the files of a bag from being such a crate, each as a sentence; nothing of a good one."""
    faults = list(bag_faults(files))
    if not _is_uuid(info_of(files).get("External-Identifier", "")):
        faults.append(f"{INFO}: no External-Identifier that is a UUID")
    graph = _graph(files)
    if graph is None:
        return (
            *faults,
            f"{PAYLOAD}{e.METADATA}: missing, or no graph of entities, each with an id of its own",
        )
    for rule in (_descriptor, _root, _run, _review, _references):
        faults += rule(graph)
    faults += _paths(graph, files)
    return tuple(faults)


def _is_uuid(urn: str) -> bool:
    try:
        return UUID(urn.removeprefix("urn:uuid:")).urn == urn
    except ValueError:
        return False


def _graph(files: Mapping[str, bytes]) -> Graph | None:
    try:
        listed = json.loads(files[f"{PAYLOAD}{e.METADATA}"])["@graph"]
        made = {each["@id"]: each for each in listed if all(map(_is_entity, listed))}
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return Graph(made) if made and len(made) == len(listed) else None


def _is_entity(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("@id"), str) and bool(_kinds(each))


def _kinds(entity: Mapping[str, Any]) -> list[str]:
    kind = entity.get("@type", [])
    return kind if isinstance(kind, list) else [kind]


def _descriptor(graph: Graph) -> Iterator[str]:
    about = graph.entities.get(e.METADATA, {})
    if ids(about.get("about")) != [e.ROOT] or not any(
        each.startswith(e.CRATE) for each in ids(about.get("conformsTo"))
    ):
        yield f"{e.METADATA}: does not say that it is about {e.ROOT} and conforms to RO-Crate 1.2"


def _root(graph: Graph) -> Iterator[str]:
    root = graph.root
    workflow, project = graph.of(root, "mainEntity"), graph.of(root, "sourceOrganization")
    held: Mapping[str, bool] = {
        "is no Dataset": "Dataset" in _kinds(root),
        "does not conform to the profile": e.PROFILE in ids(root.get("conformsTo")),
        "has no name, description, datePublished, publisher or license": all(
            root.get(name) for name in ("name", "description", "datePublished", "publisher", "license")
        ),
        "has no Project as its sourceOrganization": any("Project" in _kinds(each) for each in project),
        "has no Workflow RO-Crate as its mainEntity": len(workflow) == 1
        and "Dataset" in _kinds(workflow[0])
        and e.WORKFLOW_CRATE in ids(workflow[0].get("conformsTo")),
    }
    yield from (f"{e.ROOT}: {fault}" for fault, holds in held.items() if not holds)


def _run(graph: Graph) -> Iterator[str]:
    runs = graph.actions("CreateAction")
    if len(runs) != 1:
        yield f"{e.ROOT}: mentions {len(runs)} CreateActions, not one"
        return
    (run,) = runs
    parts = set(ids(graph.root.get("hasPart")))
    held = {
        "is not of the mainEntity": ids(run.get("instrument")) == ids(graph.root.get("mainEntity")),
        "has no Person as its agent": [_kinds(each) for each in graph.of(run, "agent")] == [["Person"]],
        "has no actionStatus of the profile": run.get("actionStatus") in STATES,
        "has a result that is no part of the crate": set(ids(run.get("result"))) <= parts,
        "completed without a result": bool(ids(run.get("result"))) or run.get("actionStatus") != e.COMPLETED,
        "has no object": bool(ids(run.get("object"))),
    }
    yield from (f"{run['@id']}: {fault}" for fault, holds in held.items() if not holds)


def _review(graph: Graph) -> Iterator[str]:
    assessed = [*graph.actions("AssessAction"), *graph.actions("UpdateAction")]
    told = {each for action in assessed for each in ids(action.get("additionalType"))}
    yield from (f"{e.ROOT}: no {phase} is told" for phase in PHASES if f"{e.SHP}{phase}" not in told)
    for action in assessed:
        agents = graph.of(action, "agent")
        software = [each for each in agents if "SoftwareApplication" in _kinds(each)]
        held = {
            "has no name": bool(action.get("name")),
            "has no actionStatus of the profile": action.get("actionStatus") in STATES,
            "has no endTime": bool(action.get("endTime")),
            "is not about the crate": e.ROOT in ids(action.get("object")),
            "has no agent with a name": bool(agents) and all(each.get("name") for each in agents),
            "is by software of no Organization": all(
                any("Organization" in _kinds(each) for each in graph.of(one, "provider")) for one in software
            ),
        }
        yield from (f"{action['@id']}: {fault}" for fault, holds in held.items() if not holds)


def _references(graph: Graph) -> Iterator[str]:
    """Every entity that is referred to within the crate is described."""
    for identifier, entity in graph.entities.items():
        for name, said in entity.items():
            for each in ids(said):
                if each not in graph.entities and "://" not in each:
                    yield f"{identifier}: {name} refers to {each}, which is not described"


def _paths(graph: Graph, files: Mapping[str, bytes]) -> Iterator[str]:
    """Files are within the payload, and every file of it is part of the crate or of its workflow."""
    parts = [each for each in ids(graph.root.get("hasPart")) if "://" not in each]
    folders = tuple(each for each in parts if each.endswith("/"))
    yield from (f"{each}: is outside the crate" for each in parts if each.startswith("/") or ".." in each)
    payload = {name.removeprefix(PAYLOAD) for name in files if name.startswith(PAYLOAD)}
    described = {each for each in graph.entities if "File" in _kinds(graph.entities[each])}
    yield from (f"{each}: is no file of the bag" for each in sorted(described - payload) if "://" not in each)
    strays = {name for name in payload if name not in parts and not name.startswith(folders)}
    yield from (f"{name}: is no part of the crate" for name in sorted(strays - {e.METADATA}))
