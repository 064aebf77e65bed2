"""From a specification file to a signed question, and from a release package to files."""

from __future__ import annotations

import json
import zipfile
import zlib
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
from service.signed import SigningKey, TextType, sign

PACKAGE_LIMIT_BYTES = 256 << 20


def read_specification(path: Path) -> QuerySpec:
    """The specification of a JSON file; raises SpecificationInvalid naming each place that is wrong."""
    try:
        fields = json.loads(path.read_bytes())
    except ValueError:
        raise RequestUnreadable from None
    try:
        return query_spec(fields)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False, include_context=False)
        placed = [{**error, "loc": place_in_text(error)} for error in errors]
        raise SpecificationInvalid(faults=faults_of(placed)) from None


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
