"""The laboratory's reading of the providers' files against the provider's own tool."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, data_set
from linkage_engine.laboratory.england.catalogue_form import in_catalogue_form
from linkage_engine.laboratory.england.write import England
from linkage_engine.validate.rows import check, typed
from service.provider.extract import LOCAL_PERSON_ID, private_connection, read_extract
from service.provider.mapping import read_mapping
from tests.linkage.england.conftest import rows

MAPPINGS = (
    "cancer-registry/mapping-surveys.json",
    "gp-federation/mapping-events.json",
    "hospital-trust/mapping.json",
    "council/mapping.json",
    "community-trust/mapping.json",
)


def test_every_data_set_is_what_the_providers_tool_reads(small_england: tuple[Path, England]) -> None:
    folder = small_england[0]
    made = {(each.provider, each.name): each.rows for each in in_catalogue_form(folder)}
    persons = {
        (row["provider"], row["local_person_id"]): f"{int(row['person'][1:]):032d}"
        for row in rows(folder / "truth.csv")
    }
    found = 0
    for path in MAPPINGS:
        mapping = read_mapping(folder / path)
        for file in mapping.sent:
            schema, connection = data_set(file.data_set), private_connection()
            text = read_extract(connection, file, schema, folder=(folder / path).parent)
            whose = [persons[mapping.provider_id, each] for each in text[LOCAL_PERSON_ID].to_pylist()]
            text = text.select(schema.columns[1:]).add_column(0, PERSON_KEY, pa.array(whose))
            assert check(connection, text, schema, extract_date=mapping.extract_date).passed
            theirs, ours = typed(connection, text, schema), made[mapping.provider_id, file.data_set]
            by = [(name, "ascending") for name in schema.columns]
            assert ours.sort_by(by).equals(theirs.sort_by(by))
            found += 1
    assert found == len(made) == 11
