"""The bill of materials of each installation, made of its locked requirements (CycloneDX 1.6, ECMA-424)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ZONES = ("api", "people", "provider", "publication", "spark", "worker")
"""Each has a file of requirements, and is installed by itself."""
_LOCKED = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9.-]*)(\[[a-z0-9,-]+\])?==(?P<version>[^ ;\\]+)( ; (?P<marker>[^\\]+?))?( \\)?$"
)
_HASH = re.compile(r"^    --hash=sha256:(?P<digest>[0-9a-f]{64})( \\)?$")


class NotLocked(ValueError):
    """A line of requirements that names no version, or a package without a digest."""


def components(requirements: str) -> list[dict[str, Any]]:
    """The components of a file of requirements, each with the digests of the files it may come as.

    Raises NotLocked.
    """
    found: list[dict[str, Any]] = []
    for line in _lines(requirements):
        if (locked := _LOCKED.match(line)) is not None:
            found.append(_component(**locked.groupdict()))
        elif (digest := _HASH.match(line)) is not None and found:
            found[-1]["hashes"].append({"alg": "SHA-256", "content": digest["digest"]})
        else:
            raise NotLocked(line)
    if bare := [each["name"] for each in found if not each["hashes"]]:
        raise NotLocked(", ".join(bare))
    return found


def bill_of_materials(zone: str, requirements: str) -> str:
    """The bill of one installation as JSON text: names, versions and where they are needed, one a line.

    The digests stay in the requirements: a bill is for people, who see in a change of it what came and went.
    """
    listed = [
        {name: part for name, part in each.items() if name != "hashes"} for each in components(requirements)
    ]
    lines = ",\n".join(f"    {json.dumps(each)}" for each in listed)
    about = json.dumps({"component": {"type": "application", "bom-ref": zone, "name": f"tre-linkage-{zone}"}})
    return (
        '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.6",\n  "version": 1,\n'
        f'  "metadata": {about},\n  "components": [\n{lines}\n  ]\n}}\n'
    )


def write_bills(root: Path) -> None:
    """Write the bill of each installation to `deploy/materials/`."""
    for zone in ZONES:
        made = bill_of_materials(zone, (root / "requirements" / f"{zone}.txt").read_text())
        (root / "deploy" / "materials" / f"{zone}.cdx.json").write_text(made)


def _lines(requirements: str) -> Iterator[str]:
    return (line for line in requirements.splitlines() if line and not line.startswith("#"))


def _component(name: str, version: str, marker: str | None) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}@{version}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if marker is not None:
        made["properties"] = [{"name": "tre:only-where", "value": marker}]
    return made | {"hashes": []}
