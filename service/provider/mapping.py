"""The mapping file: which columns of a provider's files are which fields of the catalogue."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from linkage_engine.catalogue.data_sets import (
    DATA_SETS,
    OPT_OUT,
    PERSON_KEY,
    DataSet,
    FieldType,
    data_set,
    kept_back,
)
from linkage_engine.catalogue.definitions.social_care import Release, social_care
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS
from linkage_engine.contract.value import FieldName, Slug, Value
from service.problems.provider_tool import MappingUnusable

ISO = "%Y-%m-%d"
_SHAREABLE = {"sex"}
"""Identifiers that a payload may have too; every other one would carry a name into it."""


def _date_format(text: str) -> str:
    """A format with a four-digit year, a month and a day; a two-digit year does not say its century."""
    directives = re.findall(r"%(.)", text)
    if not ({"Y", "d"} <= set(directives) <= set("YmdbBHMS") and {"m", "b", "B"} & set(directives)):
        msg = "needs %Y, %m (or %b) and %d"
        raise ValueError(msg)
    return text


Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""The name of a column in a provider's header row, exactly as it stands there."""


class FileMapping(Value):
    """One CSV file."""

    file: Annotated[str, StringConstraints(min_length=1)]
    """Its path, from the folder of the mapping."""
    data_set: FieldName
    local_person_id: Column
    date_format: Annotated[str, AfterValidator(_date_format)] = ISO
    """How the file writes dates, in the letters of C's strptime."""
    identifiers: dict[FieldName, Column] = Field(default_factory=dict)
    columns: dict[FieldName, Column] = Field(default_factory=dict)
    codes: dict[FieldName, dict[str, str]] = Field(default_factory=dict)
    """For a field, or an identifier: what the file writes, and the catalogue's code for it."""

    release: Release | None = None
    """Of the specification of social care's client-level data: its texts need not be listed in `codes`."""

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Every column of the file that is read, once."""
        named = (self.local_person_id, *self.identifiers.values(), *self.columns.values())
        return tuple(dict.fromkeys(named))

    @property
    def released(self) -> dict[str, dict[str, str]]:
        """For each field the texts of the release, and their codes."""
        return social_care().releases[self.release] if self.release is not None else {}

    @property
    def form(self) -> DataSet:
        """The data set that the file is of, or the opt-outs, which stay here."""
        return kept_back(OPT_OUT) if self.data_set == OPT_OUT else data_set(self.data_set)


class Mapping(Value):
    """The files of one delivery."""

    mapping: Literal[1]
    provider_id: Slug
    extract_date: date
    files: Annotated[tuple[FileMapping, ...], Field(min_length=1)]

    @property
    def sent(self) -> tuple[FileMapping, ...]:
        """The files whose rows are sent."""
        return tuple(file for file in self.files if file.data_set != OPT_OUT)

    @property
    def opt_outs(self) -> FileMapping | None:
        """The file of opt-outs, if there is one."""
        return next((file for file in self.files if file.data_set == OPT_OUT), None)


def read_mapping(path: Path) -> Mapping:
    """The mapping of a file, checked against the catalogue; MappingUnusable names each fault's place."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable([("", "is not in UTF-8")]) from None
    try:
        mapping = Mapping.model_validate_json(text)
    except ValidationError as faults:
        raise _unusable(_form_faults(faults)) from None
    found = list(_mapping_faults(mapping))
    for index, file in enumerate(mapping.files):
        found += [(f"files.{index}.{place}", fault) for place, fault in _file_faults(file)]
    if found:
        raise _unusable(found)
    return mapping


def _form_faults(faults: ValidationError) -> list[tuple[str, str]]:
    """Where the text is not a mapping, and the kind of fault; what stood there is not repeated."""
    words = {
        "extra_forbidden": "is not a key of a mapping",
        "missing": "is missing",
        "json_invalid": "is not JSON",
    }
    listed = faults.errors(include_url=False, include_input=False, include_context=False)
    return [(".".join(map(str, fault["loc"])), words.get(fault["type"], fault["msg"])) for fault in listed]


def _mapping_faults(mapping: Mapping) -> list[tuple[str, str]]:
    faults = []
    names = [file.data_set for file in mapping.files]
    if len(set(names)) != len(names):
        faults.append(("files", "have one data set twice"))
    if not any(file.identifiers for file in mapping.sent):
        faults.append(("files", "name no identifiers: nobody could be linked"))
    return faults


def _file_faults(file: FileMapping) -> list[tuple[str, str]]:
    """What one file's mapping says against the catalogue."""
    faults = [
        (f"identifiers.{name}", "is not an identifier")
        for name in file.identifiers
        if name not in IDENTIFIER_FIELDS
    ]
    faults += [
        (f"codes.{name}", "is for a field that is not mapped")
        for name in file.codes
        if name not in {*file.columns, *file.identifiers}
    ]
    if file.data_set not in {*DATA_SETS, OPT_OUT}:
        return [*faults, ("data_set", f"is none of {', '.join((*DATA_SETS, OPT_OUT))}")]
    if file.release is not None and file.form.same_event is None:
        faults.append(("release", "is of adult social care alone"))
    if file.data_set == OPT_OUT and file.identifiers:
        faults.append(("identifiers", "are not read of opt-outs: they name persons by your own id"))
    return faults + _column_faults(file)


def _column_faults(file: FileMapping) -> list[tuple[str, str]]:
    schema = file.form
    private = {file.local_person_id} | {
        column for name, column in file.identifiers.items() if name not in _SHAREABLE
    }
    faults = []
    for name, column in file.columns.items():
        field = schema.field(name)
        if field is None or name == PERSON_KEY:
            faults.append((f"columns.{name}", f"is not a field of {schema.name}"))
        # A year may be read off a date of birth: the day stays behind.
        elif column in private and field.type is not FieldType.YEAR:
            faults.append((f"columns.{name}", "takes an identifier, which never leaves in a payload"))
    required = {field.name for field in schema.fields if field.constraints.required} - {PERSON_KEY}
    faults += [(f"columns.{name}", "is mandatory") for name in sorted(required - file.columns.keys())]
    return faults


def _unusable(faults: list[tuple[str, str]]) -> MappingUnusable:
    return MappingUnusable(faults=[{"pointer": place or "mapping", "code": fault} for place, fault in faults])
