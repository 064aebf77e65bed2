"""What the instruments' definitions refuse: items twice, half a set of values, norms with a gap."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.catalogue.definitions.eq_5d_5l import Eq5d5l, eq_5d_5l
from linkage_engine.catalogue.definitions.qlq_c30 import QlqC30, qlq_c30
from linkage_engine.catalogue.definitions.quality_of_life_norms import Norms, quality_of_life_norms

Fields = dict[str, Any]


def refused(value: pydantic.BaseModel, change: Callable[[Fields], object], why: str) -> None:
    fields = json.loads(value.model_dump_json())
    change(fields)
    with pytest.raises(pydantic.ValidationError, match=why):
        type(value).model_validate(fields)


def test_every_column_of_the_instruments_is_a_field_of_the_survey() -> None:
    survey = data_set("qol_response")
    columns = [each.column for each in eq_5d_5l().dimensions] + ["eq_vas"]
    columns += [f"q{item}" for scale in qlq_c30().scales for item in scale.items]
    assert all(survey.field(column) is not None for column in columns)
    assert len(columns) == 36


def test_scales_with_an_item_twice_or_without_one_are_none() -> None:
    refused(qlq_c30(), lambda f: f["scales"][0]["items"].append(1), "every item is in one scale")
    refused(qlq_c30(), lambda f: f["scales"].pop(), "every item is in one scale")
    refused(qlq_c30(), lambda f: f["summary_without"].append("happiness"), "scales that there are")
    refused(qlq_c30(), lambda f: f["summary_without"].remove("global_health"), "one range")
    assert len(QlqC30.model_validate_json(qlq_c30().to_json()).summarised) == 13


def test_a_set_of_values_has_every_dimension_and_takes_nothing_for_no_problem() -> None:
    refused(eq_5d_5l(), lambda f: f["value_sets"][0]["decrements"].popitem(), "every dimension")

    def takes(fields: Fields) -> None:
        fields["value_sets"][0]["decrements"]["mobility"][0] = 1

    refused(eq_5d_5l(), takes, "level 1 takes nothing")
    assert Eq5d5l.model_validate_json(eq_5d_5l().to_json()) == eq_5d_5l()


def test_norms_have_both_sexes_the_same_ages_and_every_set_of_values() -> None:
    norms = quality_of_life_norms()
    why = "the same rising ages"
    refused(norms, lambda f: f["strata"].pop("persons"), why)
    refused(norms, lambda f: f["strata"]["1"].pop(), why)
    refused(norms, lambda f: f["strata"]["2"][3]["index_loss"].clear(), why)
    assert {strata[0].youngest for strata in norms.strata.values()} == {norms.youngest} == {16}

    def falls(fields: Fields) -> None:
        for strata in fields["strata"].values():
            strata.reverse()

    refused(norms, falls, why)
    assert Norms.model_validate_json(norms.to_json()) == norms


def test_a_norm_is_that_of_the_age_reached_and_of_everybody_where_the_sex_is_not_known() -> None:
    norms = quality_of_life_norms()
    assert norms.of("1", 15) is None
    for sex, strata in (("1", norms.strata["1"]), ("2", norms.strata["2"]), ("9", norms.strata["persons"])):
        assert norms.of(sex, 24) == strata[0]
        assert norms.of(sex, 25) == strata[1]
        assert norms.of(sex, 104) == strata[-1]


def test_norms_that_are_made_up_say_so() -> None:
    norms = quality_of_life_norms()
    assert norms.is_synthetic
    assert norms.note.startswith("Synthetic")
