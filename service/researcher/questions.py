"""From a specification file to a signed question, and from a release package to files."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.query_spec import QuerySpec, place_in_text, query_spec
from linkage_engine.contract.statements import SignedQuestion
from service.clock import Clock, Randomness
from service.problems.problem import faults_of
from service.problems.requests import RequestUnreadable
from service.problems.results import SpecificationInvalid
from service.researcher.yaml_text import LARGEST_BYTES, Document, read_document
from service.signed import SigningKey, TextType, sign

PACKAGE_LIMIT_BYTES = 256 << 20
_MEMBER = re.compile(r"<\w+\.\w+: ('\w+')>")
"""How pydantic writes a word of a closed list."""


def read_specification(path: Path) -> QuerySpec:
    """The specification of a YAML or JSON file.

    Raises SpecificationUnreadable as `read_document` does, and SpecificationInvalid naming each place that
    is wrong and its line.
    """
    with path.open("rb") as file:
        document = read_document(file.read(LARGEST_BYTES + 1))
    try:
        return query_spec(document.value)
    except ValidationError as invalid:
        raise SpecificationInvalid(faults=list(_faults(invalid, document))) from None


def _faults(invalid: ValidationError, document: Document) -> Iterator[dict[str, str]]:
    """Each fault with its line and what is taken there instead; none of it repeats what was written."""
    errors = invalid.errors(include_url=False, include_input=False, include_context=False)
    for error in errors:
        place = place_in_text(error)
        [fault] = faults_of([{**error, "loc": place}])
        says = _MEMBER.sub(r"\1", error["msg"].removeprefix("Value error, "))
        yield fault | {"line": str(document.line_of(place)), "says": says}


def signed_question(
    specification: QuerySpec,
    *,
    asked_by: str,
    key: SigningKey,
    clock: Clock,
    random: Randomness,
    typ: TextType = TextType.QUESTION,
) -> str:
    """The question as the workers believe it: to be answered, or for a pre-flight."""
    question = SignedQuestion(
        asked_by=asked_by, asked_at=clock(), nonce=random(16).hex(), specification=specification
    )
    return sign(question, key, typ)


def sentence(told: Preflight) -> str:
    """What a pre-flight says, in one line."""
    asked = f"{told.asked.hidden} of {told.asked.cells} cells will be hidden"
    changes = (
        f"{f'{each.to} bands' if each.change == 'age_bands' else f'without {each.to}'}: {each.hidden}"
        f" of {each.cells}"
        for each in told.coarser
    )
    return "; ".join([asked, *changes])


def unpack(package: bytes, folder: Path) -> list[Path]:
    """Write the files of a release package into a new folder; raises RequestUnreadable for anything odd.

    Nothing is written unless every member could be read.
    """
    try:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            members = archive.infolist()
            if (
                not all(_is_plain(m) for m in members)
                or sum(m.file_size for m in members) > PACKAGE_LIMIT_BYTES
            ):
                raise RequestUnreadable
            files = {folder / m.filename: archive.read(m) for m in members}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError):  # all that zipfile raises
        raise RequestUnreadable from None
    folder.mkdir(parents=True, exist_ok=False)
    for path, data in files.items():
        path.write_bytes(data)
    return list(files)


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a file that stays in the folder."""
    name = member.filename
    return PurePosixPath(name).name == name and name != ".." and "\\" not in name and not member.is_dir()
