from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.spine.clusters import Level
from linkage_engine.spine.link_ids import LINK_IDS, SPINE, Changes, empty_spine
from linkage_engine.spine.spine import Spine, person_spine
from linkage_engine.spine.weight_bands import UNLINKED
from tests.unit.spine.people import counting, groups, pairs_of, records_of

Pair = tuple[str, str, float]


def spine_of(
    keys: str, *pairs: Pair, before: pa.Table | None = None, random: Callable[[int], bytes] | None = None
) -> Spine:
    records = records_of(keys.split())
    return person_spine(
        empty_spine() if before is None else before, records, pairs_of(records, *pairs), random or counting()
    )


def ids(spine: Spine, level: Level = Level.PRIMARY) -> dict[str, str]:
    table = spine.table
    return dict(zip(table["person_key"].to_pylist(), table[LINK_IDS[level]].to_pylist(), strict=True))


def changes(spine: Spine) -> Changes:
    return spine.changes[Level.PRIMARY]


A1_B1 = ("a1", "b1", 15.0)


def test_every_record_has_an_id_of_32_hex_digits_at_each_level() -> None:
    spine = spine_of("a1 b1 a2", A1_B1)
    assert spine.table.schema == SPINE
    assert ids(spine)["a1"] == ids(spine)["b1"] != ids(spine)["a2"]
    assert ids(spine, Level.STRICT)["a1"] != ids(spine, Level.STRICT)["b1"]
    assert all(len(link_id) == 32 for level in Level for link_id in ids(spine, level).values())
    assert changes(spine) == Changes(kept=0, made=2, merged=0, split=0, ended=0)


def test_no_id_is_at_two_levels() -> None:
    spine = spine_of("a1 b1 a2", A1_B1)
    strict, primary, lenient = (set(ids(spine, level).values()) for level in Level)
    assert len(strict | primary | lenient) == len(strict) + len(primary) + len(lenient)


def test_the_spine_is_sorted_by_provider_and_key() -> None:
    rows = spine_of("b2 a2 a1", ("a1", "b2", 15.0)).table.to_pylist()
    assert [(row["provider_id"], row["person_key"]) for row in rows] == [
        ("a", "a1"),
        ("a", "a2"),
        ("b", "b2"),
    ]


def test_the_band_tells_how_heavy_the_best_pair_of_a_record_is() -> None:
    spine = spine_of("a1 b1 c1 d1", ("a1", "b1", 34.0), ("b1", "c1", 12.5))
    assert spine.table["weight_band"].to_pylist() == ["30 or more", "30 or more", "10 to 20", UNLINKED]


def test_a_record_that_joins_takes_the_id_that_was_there() -> None:
    random = counting()
    before = spine_of("a1 b1 a2", A1_B1, random=random)
    pairs = (A1_B1, ("b1", "c1", 12.0), ("a2", "b2", 12.0))
    after = spine_of("a1 b1 a2 b2 c1", *pairs, before=before.table, random=random)
    assert ids(after)["c1"] == ids(before)["a1"]
    assert ids(after)["b2"] == ids(before)["a2"]
    assert (changes(after).kept, changes(after).made) == (2, 0)


def test_merged_clusters_keep_the_id_of_most_records_and_the_merge_is_counted() -> None:
    random = counting()
    before = spine_of("a1 b1 c1", A1_B1, random=random)
    after = spine_of("a1 b1 c1", A1_B1, ("b1", "c1", 12.0), before=before.table, random=random)
    assert set(ids(after).values()) == {ids(before)["a1"]}
    assert (changes(after).kept, changes(after).merged) == (1, 1)


def test_a_split_cluster_leaves_the_id_to_the_larger_part_and_the_split_is_counted() -> None:
    random = counting()
    before = spine_of("a1 b1 c1", A1_B1, ("b1", "c1", 12.0), random=random)
    after = spine_of("a1 b1 c1", A1_B1, before=before.table, random=random)
    assert ids(after)["a1"] == ids(before)["a1"] != ids(after)["c1"]
    assert (changes(after).kept, changes(after).made, changes(after).split) == (1, 1, 1)


def test_an_id_of_records_that_are_gone_is_given_to_nobody() -> None:
    before = spine_of("a1 b1 a2", A1_B1)
    after = spine_of("a1 b1 a3", A1_B1, before=before.table, random=counting())  # the same bytes again
    assert ids(after)["a3"] not in ids(before).values()
    assert (changes(after).kept, changes(after).made, changes(after).ended) == (1, 1, 1)


def test_a_spine_of_the_first_version_keeps_its_ids() -> None:
    before = spine_of("a1 b1 a2", A1_B1)
    first = before.table.select(["provider_id", "person_key", "link_id"])
    after = spine_of("a1 b1 a2", A1_B1, before=first)
    assert ids(after) == ids(before)
    assert after.changes[Level.STRICT].made == 3


def test_of_nobody_there_is_an_empty_spine_and_all_ids_end() -> None:
    before = spine_of("a1 b1 a2", A1_B1)
    after = spine_of("", before=before.table)
    assert after.table.equals(empty_spine())
    assert changes(after) == Changes(kept=0, made=0, merged=0, split=0, ended=2)


KEYS = [f"{provider}{n}" for provider in "xyz" for n in range(3)]
PAIRS = st.lists(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from([5.0, 11.0, 12.0, 22.0]))
)
SOME = st.sets(st.sampled_from(KEYS))


@given(PAIRS, SOME, PAIRS, SOME)
def test_one_id_is_one_cluster_before_and_after(
    pairs: list[Pair], first: set[str], again: list[Pair], second: set[str]
) -> None:
    random = counting()

    def run(there: set[str], linked: list[Pair], before: pa.Table) -> Spine:
        known = [pair for pair in linked if {pair[0], pair[1]} <= there]
        return spine_of(" ".join(there), *known, before=before, random=random)

    before = run(first, pairs, empty_spine())
    after = run(second, again, before.table)
    for level in Level:
        found, was, now = ids(after, level), ids(before, level), after.changes[level]
        assert len(set(found.values())) == now.kept + now.made
        assert now.kept + now.merged + now.ended == len(set(was.values()))
        kept = set(found.values()) & set(was.values())
        for link_id in kept:  # somebody of those who had it has it
            assert {k for k, i in found.items() if i == link_id} & {k for k, i in was.items() if i == link_id}
    same = run(second, again, after.table)
    assert same.table.equals(after.table)
    records = records_of(sorted(second))
    assert groups(records, [ids(same)[key] for key in records.person_keys.to_pylist()]) == groups(
        records, [ids(after)[key] for key in records.person_keys.to_pylist()]
    )
