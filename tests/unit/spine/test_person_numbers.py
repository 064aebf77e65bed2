from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.spine.clusters import Level
from linkage_engine.spine.person_numbers import NOBODY, numbered

NONE = dict.fromkeys(Level, NOBODY)


def zeros(count: int) -> bytes:
    return bytes(count)


def crosswalk(*records: tuple[str, str, str]) -> pa.Table:
    """The strict, primary and lenient link id of each record."""
    columns = zip(*records, strict=True)
    names = ("link_id_strict", "link_id", "link_id_lenient")
    return pa.table({name: list(ids) for name, ids in zip(names, columns, strict=True)})


def by_id(table: pa.Table) -> dict[str, int]:
    return dict(zip(table["link_id"].to_pylist(), table["person"].to_pylist(), strict=True))


def test_who_is_the_same_on_every_level_has_one_number() -> None:
    found = numbered(NONE, crosswalk(("s1", "p1", "l1"), ("s1", "p1", "l1"), ("s2", "p2", "l2")), zeros)
    strict, primary, lenient = (by_id(found[level]) for level in Level)
    assert strict == {"s1": primary["p1"], "s2": primary["p2"]}
    assert lenient == {"l1": primary["p1"], "l2": primary["p2"]}
    assert sorted(primary.values()) == [0, 1]


def test_a_person_taken_apart_keeps_the_number_with_most_records_and_the_rest_is_nobody_else() -> None:
    found = numbered(NONE, crosswalk(("s1", "p", "l"), ("s2", "p", "l"), ("s2", "p", "l")), zeros)
    assert by_id(found[Level.PRIMARY]) == {"p": 0}
    assert by_id(found[Level.STRICT]) == {"s2": 0, "s1": 1}


def test_two_persons_taken_for_one_have_the_number_of_one() -> None:
    found = numbered(NONE, crosswalk(("s1", "p1", "l"), ("s2", "p2", "l"), ("s2", "p2", "l")), zeros)
    primary = by_id(found[Level.PRIMARY])
    assert by_id(found[Level.LENIENT]) == {"l": primary["p2"]}


def test_numbers_last_and_are_given_once_whatever_comes_later() -> None:
    before = numbered(NONE, crosswalk(("s1", "p1", "l1"), ("s2", "p1", "l1")), zeros)
    after = numbered(
        before,
        crosswalk(("s1", "p1", "l1"), ("s2", "p2", "l1"), ("s3", "p3", "l3"), ("s4", "p1", "l1")),
        zeros,
    )
    for level in Level:
        assert by_id(before[level]).items() <= by_id(after[level]).items()
    strict, primary = by_id(after[Level.STRICT]), by_id(after[Level.PRIMARY])
    assert strict["s3"] == primary["p3"]
    assert strict["s4"] not in primary.values(), "the number of p1 is s1's"
    assert primary["p2"] not in by_id(before[Level.STRICT]).values()


RECORDS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=20
)


def nested(records: list[tuple[int, int, int]]) -> pa.Table:
    """Strict clusters within primary ones within lenient ones."""
    return crosswalk(*[(f"s{a}.{b}.{c}", f"p{b}.{c}", f"l{c}") for a, b, c in records])


@given(first=RECORDS, second=RECORDS)
def test_on_every_level_numbers_are_unique_and_a_new_number_is_nobodys_on_another(
    first: list[tuple[int, int, int]], second: list[tuple[int, int, int]]
) -> None:
    before = numbered(NONE, nested(first), zeros)
    after = numbered(before, nested(second), zeros)
    for step in (before, after):
        for level in Level:
            assert len(set(by_id(step[level]).values())) == step[level].num_rows
    primary = set(by_id(after[Level.PRIMARY]).values())
    lenient = by_id(after[Level.LENIENT])
    assert {lenient[f"l{c}"] for _, _, c in second} <= primary | set(by_id(before[Level.LENIENT]).values())


@given(records=RECORDS)
def test_on_the_first_run_whoever_shares_no_record_shares_no_number(
    records: list[tuple[int, int, int]],
) -> None:
    found = numbered(NONE, nested(records), zeros)
    primary = {number: link_id for link_id, number in by_id(found[Level.PRIMARY]).items()}
    for link_id, number in by_id(found[Level.STRICT]).items():
        if number in primary:
            assert link_id.partition(".")[2] == primary[number][1:]
