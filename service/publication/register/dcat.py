"""Releases, and the data sets they are made of, for other catalogues: DCAT 3 (W3C, 2024) as JSON-LD."""

from __future__ import annotations

import json
from mimetypes import guess_type
from typing import Any

from linkage_engine.catalogue.data_sets import DataSet
from service.publication.register.data_sets import FOLDER, SCHEMA, used_data_sets
from service.publication.register.values import Register, RegisteredRelease
from service.publication.released import PAGE
from service.publication.standing import State

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
RESTRICTED = "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"
"""Of the European Union's list of access rights, which DCAT-AP asks for."""
MEDIA = "https://www.iana.org/assignments/media-types/"


def catalogue(register: Register) -> bytes:
    """A data set for each release that was not recalled, with a distribution for each of its files."""
    listed = [each for each in register.releases if each.state is not State.RECALLED]
    told = "Releases of a trusted research environment, each a controlled table."
    return _catalogue(register, "", told, [_data_set(each, register) for each in listed])


def source_catalogue(register: Register) -> bytes:
    """The data sets that projects use: restricted, so without a distribution; each has its Table Schema."""
    told = "Data sets that are linked in a trusted research environment. None of them can be downloaded."
    used = [_source(each, register) for each in used_data_sets(register).values()]
    return _catalogue(register, f"{FOLDER}/", told, used)


def _catalogue(register: Register, folder: str, told: str, data_sets: list[dict[str, Any]]) -> bytes:
    at = register.publisher.address
    whole = {
        "@context": CONTEXT,
        "@id": f"{at}{folder}",
        "@type": "dcat:Catalog",
        "dct:title": register.publisher.title,
        "dct:description": told,
        "dct:publisher": {
            "@id": f"{at}#publisher",
            "@type": "foaf:Agent",
            "foaf:name": register.publisher.name,
        },
        "dct:modified": _typed(register.on.isoformat(), "date"),
        "dcat:dataset": data_sets,
    }
    return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()


def _source(described: DataSet, register: Register) -> dict[str, Any]:
    publisher = register.publisher
    at = f"{publisher.address}{FOLDER}/{described.name}/"
    return {
        "@id": at,
        "@type": "dcat:Dataset",
        "dct:identifier": described.name,
        "dct:title": described.title,
        "dct:description": described.description,
        "dct:accessRights": {"@id": RESTRICTED},
        "dct:conformsTo": {"@id": f"{at}{SCHEMA}"},
        "dct:publisher": {"@id": f"{publisher.address}#publisher"},
        "dcat:contactPoint": _contact(register),
        "dcat:landingPage": {"@id": f"{at}{PAGE}"},
        "dcat:version": described.version,
        "dct:isReferencedBy": [
            {"@id": f"{publisher.address}{each.folder}/{PAGE}"}
            for each in register.projects
            if described.name in {data.data_set for data in each.data}
        ],
    }


def _contact(register: Register) -> dict[str, str]:
    return {"@type": "vcard:Kind", "vcard:fn": register.publisher.contact}


def _data_set(release: RegisteredRelease, register: Register) -> dict[str, Any]:
    at, publisher = f"{register.publisher.address}{release.folder}/", register.publisher
    licence = {"dct:license": {"@id": publisher.licence}} if publisher.licence else {}
    replaced = (
        {"dct:isReplacedBy": {"@id": f"{publisher.address}releases/{release.corrected_by}/"}}
        if release.corrected_by
        else {}
    )
    return {
        "@id": at,
        "@type": "dcat:Dataset",
        "dct:identifier": release.release_id,
        "dct:title": release.title,
        "dct:description": release.description,
        "dct:issued": _typed(release.released_at.isoformat(), "dateTime"),
        "dct:publisher": {"@id": f"{publisher.address}#publisher"},
        "dcat:contactPoint": _contact(register),
        "dcat:landingPage": {"@id": f"{at}{PAGE}"},
        "dcat:keyword": release.template.replace("_", " "),
        "dcat:version": release.data_version,
        **replaced,
        "dcat:distribution": [
            {
                "@id": f"{at}{name}",
                "@type": "dcat:Distribution",
                "dct:title": name,
                "dcat:downloadURL": {"@id": f"{at}{name}"},
                "dcat:mediaType": {"@id": f"{MEDIA}{guess_type(name)[0] or 'application/octet-stream'}"},
                **licence,
            }
            for name in release.files
            if name != PAGE
        ],
    }


def _typed(value: str, kind: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}
