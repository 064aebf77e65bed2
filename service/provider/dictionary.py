"""The dictionary of one data set: its Table Schema with the code lists that it names, and an empty file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from linkage_engine.catalogue.data_sets import (
    CATALOGUE_VERSION,
    DATA_SETS,
    KEPT_BACK,
    PERSON_KEY,
    DataSet,
    code_list,
    data_set,
    kept_back,
)
from service.problems.provider_tool import DataSetUnknown
from service.provider.files import new_file


def dictionary_of(schema: DataSet) -> dict[str, Any]:
    """The data set as JSON: Frictionless Table Schema, with code lists and areas beside it."""
    names = {field.code_list for field in schema.fields if field.code_list}
    return {
        "catalogue_version": CATALOGUE_VERSION,
        "data_set": schema.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "code_lists": {name: code_list(name).model_dump(mode="json") for name in sorted(names)},
        "areas": {field.area_level.value: field.areas for field in schema.fields if field.area_level},
    }


def dictionary(
    name: Annotated[str, typer.Argument(metavar="DATA_SET", help=", ".join((*DATA_SETS, *KEPT_BACK)))],
    out: Annotated[Path | None, typer.Option("--out", help="Write it to a file, as JSON.")] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="Also write a CSV file with the header row alone.")
    ] = None,
) -> None:
    """Show a data set's fields, rules and codes, as JSON."""
    if name not in {*DATA_SETS, *KEPT_BACK}:
        raise DataSetUnknown
    schema = kept_back(name) if name in KEPT_BACK else data_set(name)
    text = json.dumps(dictionary_of(schema), indent=2, ensure_ascii=False) + "\n"
    if template:
        columns = ["local_person_id", *(column for column in schema.columns if column != PERSON_KEY)]
        with new_file(template) as file:
            file.write((",".join(columns) + "\r\n").encode())
    if out is None:
        print(text, end="")
        return
    with new_file(out) as file:
        file.write(text.encode())
    print(out)
