from __future__ import annotations

import re
from importlib.resources import files

import pytest

from linkage_engine.catalogue.data_sets import (
    DATA_SETS,
    EXTRACT_DATE,
    KEPT_BACK,
    PERSON_KEY,
    DataSet,
    FieldRole,
    FieldType,
    code_list,
    data_set,
    kept_back,
)
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS

every_data_set = pytest.mark.parametrize("schema", [data_set(name) for name in DATA_SETS], ids=DATA_SETS)


@every_data_set
def test_person_key_is_the_first_column_and_in_the_primary_key(schema: DataSet) -> None:
    assert schema.columns[0] == PERSON_KEY
    assert PERSON_KEY in schema.primary_key


@every_data_set
def test_names_are_used_once_and_keys_and_orders_name_fields(schema: DataSet) -> None:
    assert len(set(schema.columns)) == len(schema.columns)
    assert set(schema.primary_key) <= set(schema.columns)
    named = {name for order in schema.order for name in (order.earlier, order.later)} - {EXTRACT_DATE}
    for name in named:
        field = schema.field(name)
        assert field is not None
        assert field.type in {FieldType.DATE, FieldType.YEAR}


@every_data_set
def test_no_field_takes_free_text(schema: DataSet) -> None:
    for field in schema.fields:
        if field.type is FieldType.STRING:
            assert field.codes or field.constraints.pattern, field.name


@every_data_set
def test_every_pattern_is_a_regular_expression_and_bounded(schema: DataSet) -> None:
    for field in schema.fields:
        pattern = field.constraints.pattern
        if pattern is not None:
            re.compile(pattern)
            assert "*" not in pattern
            assert "+" not in pattern


@every_data_set
def test_keys_have_the_role_of_keys(schema: DataSet) -> None:
    field = schema.field(PERSON_KEY)
    assert field is not None
    assert field.role is FieldRole.KEY
    assert schema.field("no_such_field") is None


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(ExtractRejected) as refused:
        data_set("../data_sets")
    assert refused.value.code is RefusalCode.UNKNOWN_DATA_SET


@pytest.mark.parametrize("name", KEPT_BACK)
def test_what_stays_at_the_provider_is_no_data_set_that_may_be_sent(name: str) -> None:
    assert kept_back(name).name == name
    with pytest.raises(ExtractRejected):
        data_set(name)
    with pytest.raises(ExtractRejected):
        kept_back("death")


def test_the_identifiers_of_the_catalogue_are_those_that_tokens_are_made_of() -> None:
    assert kept_back("person_identity").columns == (PERSON_KEY, *IDENTIFIER_FIELDS)


@every_data_set
def test_a_data_set_names_its_version_and_source(schema: DataSet) -> None:
    assert schema.version
    assert schema.source
    lists = [code_list(field.code_list) for field in schema.fields if field.code_list]
    assert all(each.version and each.source and each.codes for each in lists)


@every_data_set
def test_a_foreign_key_names_key_fields_of_another_data_set(schema: DataSet) -> None:
    for key in schema.foreign_keys:
        other = data_set(key.reference.resource)
        assert other.name != schema.name
        assert set(key.fields) <= set(schema.columns)
        assert key.reference.fields == other.primary_key
        assert key.fields[0] == PERSON_KEY


def test_every_file_of_the_catalogue_is_named_by_code() -> None:
    root = files("linkage_engine.catalogue")
    schemas = {f.name.removesuffix(".json") for f in (root / "data_set_schemas").iterdir()}
    assert schemas == {*DATA_SETS, *KEPT_BACK}
    lists = {f.name.removesuffix(".json") for f in (root / "code_lists").iterdir()}
    every = [*map(data_set, DATA_SETS), *map(kept_back, KEPT_BACK)]
    used = {field.code_list for schema in every for field in schema.fields if field.code_list}
    assert lists == used
    assert all(code_list(name).name == name for name in lists)


def test_icd10_is_written_without_a_dot() -> None:
    field = data_set("cancer_registration").field("primary_diagnosis_icd10")
    assert field is not None
    assert field.constraints.pattern is not None
    shape = re.compile(field.constraints.pattern)
    assert all(shape.fullmatch(code) for code in ("C50", "C509", "C61X", "D0511"))
    assert not any(shape.fullmatch(code) for code in ("C50.9", "c509", "509", "C5", "CANCER"))


@every_data_set
def test_lifetimes_are_dates_of_what_happened(schema: DataSet) -> None:
    assert schema.lifetime
    for name in schema.lifetime:
        field = schema.field(name)
        assert field is not None
        assert (field.type, field.role) == (FieldType.DATE, FieldRole.OUTCOME)


@every_data_set
def test_a_row_of_its_own_number_is_told_by_it(schema: DataSet) -> None:
    if schema.row_id is not None:
        assert schema.primary_key == (PERSON_KEY, schema.row_id)


def test_groups_name_codes_of_their_list() -> None:
    root = files("linkage_engine.catalogue")
    for name in (f.name.removesuffix(".json") for f in (root / "code_lists").iterdir()):
        listed = code_list(name)
        assert all(set(codes) <= set(listed.codes) for codes in listed.groups.values())


def test_emergency_admissions_are_those_of_the_definition() -> None:
    groups = code_list("admission_method").groups
    assert set(groups["emergency"]) == {"21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"}
    assert set(groups["emergency_not_always"]) == {"28", "2B"}
