"""The data sets that projects use: what each holds, in words and as Table Schema, without any figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from linkage_engine.catalogue.data_sets import CodeList, DataSet, Field, FieldType, code_list, data_set
from service.publication.page import as_bytes, bullets, data_table, document, links, paragraph, terms
from service.publication.register.values import Project, Register
from service.publication.released import PAGE

FOLDER, SCHEMA = "data-sets", "table-schema.json"


def used_data_sets(register: Register) -> Mapping[str, DataSet]:
    """The data sets of all projects by name, in the order of their titles."""
    names = {each.data_set for project in register.projects for each in project.data}
    return {each.name: each for each in sorted(map(data_set, names), key=lambda each: each.title)}


def data_set_pages(register: Register) -> Mapping[str, bytes]:
    """A page and a Table Schema for each data set, by path within the site."""
    files: dict[str, bytes] = {}
    for name, each in used_data_sets(register).items():
        files[f"{FOLDER}/{name}/{PAGE}"] = as_bytes(document(each.title, _page(each, register)))
        files[f"{FOLDER}/{name}/{SCHEMA}"] = table_schema(each)
    return files


def table_schema(described: DataSet) -> bytes:
    """The fields as Frictionless Table Schema 1.0, in which codes are an enumeration."""
    schema = {
        "name": described.name,
        "title": described.title,
        "version": described.version,
        "fields": [_field(each) for each in described.fields],
        "primaryKey": list(described.primary_key),
        "missingValues": [""],
    }
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _field(field: Field) -> dict[str, Any]:
    constraints = field.constraints.model_dump(mode="json", exclude_defaults=True)
    codes = {"enum": list(field.codes)} if field.codes else {}
    return {
        "name": field.name,
        "type": field.type.value,
        "title": field.title,
        "description": field.description,
        "constraints": constraints | codes,
    }


def _page(described: DataSet, register: Register) -> Iterator[str]:
    yield f'<p class="summary">{escape(described.description)}</p>'
    yield from terms(
        (
            ("Name", described.name),
            ("Version", described.version),
            ("After", described.source),
        )
    )
    yield "<h2>Which projects use it</h2>"
    using = [each for each in register.projects if described.name in {data.data_set for data in each.data}]
    yield from links((f"../../{each.folder}/{PAGE}", each.title) for each in using)
    yield "<h2>From whom</h2>"
    yield from bullets(_providers(described.name, using))
    yield "<h2>What it holds</h2>"
    yield paragraph(
        "Names, NHS numbers, dates of birth and addresses are in no data set: providers send keyed codes of "
        "them apart, for linking alone. How many people a data set is about, and what is recorded of how "
        "many, are answers to questions: controlled, approved by two people and listed with the releases."
    )
    rows = (((each.name,), (each.title, _kind(each), each.description)) for each in described.fields)
    yield from data_table(f"Fields of {described.title}", ("Field",), ("Title", "Values", "Meaning"), rows)
    for each in _code_lists(described):
        yield f"<h2>{escape(each.title)}</h2>"
        coded = (((code,), (meaning,)) for code, meaning in each.codes.items())
        yield from data_table(f"Codes: {each.title} ({each.source})", ("Code",), ("Meaning",), coded)
    yield "<h2>For programs</h2>"
    yield from links(((SCHEMA, "The fields as Table Schema (JSON)"),))
    yield '<p><a href="../../index.html">The whole register</a></p>'


def _providers(name: str, using: list[Project]) -> Iterator[str]:
    """Each provider once."""
    named = {data.provider for project in using for data in project.data if data.data_set == name}
    yield from sorted(named)


def _kind(field: Field) -> str:
    """The values a field may have, in words."""
    if field.code_list:
        said = f"a code: {code_list(field.code_list).title}"
    elif field.area_level:
        said = "the code of an area"
    else:
        said = _PLAIN[field.type]
    return said if field.constraints.required else f"{said}; may be empty"


_PLAIN = {
    FieldType.STRING: "text",
    FieldType.DATE: "a day",
    FieldType.INTEGER: "a whole number",
    FieldType.YEAR: "a year",
}


def _code_lists(described: DataSet) -> Iterator[CodeList]:
    """The code lists of all fields, each once."""
    names = dict.fromkeys(each.code_list for each in described.fields if each.code_list)
    yield from map(code_list, names)
