"""The entities of a crate's graph, each as RO-Crate 1.2 and the Five Safes profile 0.4 name them."""

from __future__ import annotations

from collections.abc import Iterable
from mimetypes import guess_type
from typing import Any

Entity = dict[str, Any]
COMPLETED = "http://schema.org/CompletedActionStatus"
ROOT, METADATA, PREVIEW = "./", "ro-crate-metadata.json", "ro-crate-preview.html"
PROFILE = "https://w3id.org/5s-crate/0.4"
CRATE = "https://w3id.org/ro/crate/1.2"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
SHP = "https://w3id.org/shp#"
SHA512 = "https://www.iana.org/assignments/named-information#sha-512"
SHA256 = "https://www.iana.org/assignments/named-information#sha-256"


def ref(identifier: str) -> Entity:
    """A reference to an entity."""
    return {"@id": identifier}


def refs(identifiers: Iterable[str]) -> list[Entity]:
    """References to several."""
    return [ref(each) for each in identifiers]


def entity(identifier: str, kind: str | list[str], name: str, /, **more: object) -> Entity:
    """An entity with a name for people."""
    return {"@id": identifier, "@type": kind, "name": name, **more}


def file_entity(path: str, name: str, size: int, /, **more: object) -> Entity:
    """A file of the crate."""
    encoding = guess_type(path)[0] or "application/octet-stream"
    return entity(path, "File", name, encodingFormat=encoding, contentSize=str(size), **more)


def action(identifier: str, kind: str, name: str, /, *, phase: str, at: str, **more: object) -> Entity:
    """A completed action of the review process; `phase` is a term of Safe Haven Provenance (SHP)."""
    return entity(
        identifier,
        kind,
        name,
        additionalType=ref(f"{SHP}{phase}"),
        endTime=at,
        actionStatus=COMPLETED,
        **more,
    )


def descriptor() -> Entity:
    """The metadata file about the crate itself."""
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": ref(ROOT),
        "conformsTo": ref(CRATE),
    }


def document(graph: Iterable[Entity]) -> dict[str, Any]:
    """A metadata file over a graph."""
    return {"@context": f"{CRATE}/context", "@graph": list(graph)}
