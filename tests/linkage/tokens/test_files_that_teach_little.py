"""Files from which hardly anything can be learned: they are linked or not, and never end a run."""

from __future__ import annotations

import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.link.linking import ExactFigures, LinkSettings, link_pair
from tests.linkage.tokens.people import FIELDS, encoded, locked_connection
from tests.linkage.tokens.test_small_clean_files import somebody

Person = dict[str, str]
EVERYBODY = [somebody(number) for number in range(160)]
NOBODY: Person = {}


def linked(a: list[Person], b: list[Person]) -> ExactFigures:
    tables = [
        pa.table({name: pa.array([person.get(name) for person in people], pa.string()) for name in FIELDS})
        for people in (a, b)
    ]
    parts = [encoded(table, keys_seed=seed)[0] for seed, table in enumerate(tables)]
    with locked_connection() as connection:
        return link_pair(connection, *parts, settings=LinkSettings(LinkageProfile.TOKENS, seed=1)).figures


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (EVERYBODY[:80], EVERYBODY[80:]),
        (EVERYBODY[150:151], EVERYBODY[:100]),
        ([NOBODY] * 50, EVERYBODY),
        ([{"sex": "1"}] * 160, [{"sex": "1"}] * 160),
    ],
    ids=["nobody in common", "one record", "nothing but blanks", "one value and no other"],
)
def test_where_nobody_is_in_both_there_is_no_link_and_no_threshold_is_invented(
    a: list[Person], b: list[Person]
) -> None:
    found = linked(a, b)
    assert (found.links, found.match_weight_threshold, found.estimated_false_link_rate) == (0, 0.0, 0.0)
    assert found.untrained_comparisons


def test_one_record_finds_its_person() -> None:
    assert linked(EVERYBODY[:1], EVERYBODY).links == 1


def test_a_person_who_is_there_many_times_is_linked_once() -> None:
    assert linked([EVERYBODY[3]] * 50, EVERYBODY).links == 1


@pytest.mark.parametrize("same", [{"postcode": "AB1 1AA"}, {"date_of_birth": "1950-01-01"}])
def test_a_column_with_one_value_leaves_the_others_to_tell_people_apart(same: Person) -> None:
    everybody = [person | same for person in EVERYBODY]
    assert linked(everybody, everybody).links == len(everybody)
