"""The catalogue of releases for other catalogues: DCAT 3 (W3C, 2024) as JSON-LD."""

from __future__ import annotations

import json
from mimetypes import guess_type
from typing import Any

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
MEDIA = "https://www.iana.org/assignments/media-types/"


def catalogue(register: Register) -> bytes:
    """A data set for each release that was not recalled, with a distribution for each of its files."""
    at = register.publisher.address
    listed = [each for each in register.releases if each.state is not State.RECALLED]
    publisher = {"@id": f"{at}#publisher", "@type": "foaf:Agent", "foaf:name": register.publisher.name}
    whole = {
        "@context": CONTEXT,
        "@id": at,
        "@type": "dcat:Catalog",
        "dct:title": register.publisher.title,
        "dct:description": "Releases of a trusted research environment, each a controlled table.",
        "dct:publisher": publisher,
        "dct:modified": _typed(register.on.isoformat(), "date"),
        "dcat:dataset": [_data_set(each, register) for each in listed],
    }
    return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()


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
        "dcat:contactPoint": {"@type": "vcard:Kind", "vcard:fn": publisher.contact},
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
