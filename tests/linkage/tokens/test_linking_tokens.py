from __future__ import annotations

import logging  # noqa: TID251 - to see that nothing is written

import numpy as np
import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link import linking
from linkage_engine.link.linking import LinkResult, LinkSettings, link_pair
from tests.linkage.tokens.people import TwoFiles, encoded, locked_connection, two_files


@pytest.fixture(scope="module")
def files() -> TwoFiles:
    return two_files(8_000, seed=11)


def link(registry: pa.Table, practice: pa.Table) -> LinkResult:
    with locked_connection() as connection:
        return link_pair(connection, registry, practice, settings=LinkSettings(LinkageProfile.TOKENS, seed=1))


def keyed_pairs(result: LinkResult) -> set[tuple[str, str]]:
    keys = zip(*(result.pairs[name].to_pylist() for name in ("person_key_a", "person_key_b")), strict=True)
    return set(keys)


def accuracy(files: TwoFiles, *, withhold: str | None) -> tuple[float, float, LinkResult]:
    """Precision, recall and the result, with one field withheld from the model."""
    tables = [t.drop_columns(withhold) if withhold else t for t in (files.registry, files.practice)]
    (registry, keys_a), (practice, keys_b) = (encoded(t, keys_seed=n) for n, t in enumerate(tables))
    result = link(registry, practice)
    people_a = dict(zip(keys_a, files.registry_people, strict=True))
    people_b = dict(zip(keys_b, files.practice_people, strict=True))
    right = sum(people_a[a] == people_b[b] for a, b in keyed_pairs(result))
    return right / result.pairs.num_rows, right / files.true_pairs, result


def test_with_nhs_numbers_nearly_every_link_is_found_and_right(files: TwoFiles) -> None:
    precision, recall, result = accuracy(files, withhold=None)
    assert precision > 0.985
    assert recall > 0.985
    assert result.figures.links == result.pairs.num_rows
    assert result.figures.candidate_pairs >= result.figures.links
    assert result.figures.records_a == files.registry.num_rows
    assert set(result.figures.seconds) == {"prepare", "train", "predict", "assign"}
    known = result.quality
    assert known.numbered_pairs > 0.5 * files.true_pairs
    assert known.numbered_correct > 0.95 * known.numbered_links
    assert known.numbered_correct > 0.93 * known.numbered_pairs
    assert known.levels.links_strict <= result.figures.links <= known.levels.links_lenient
    assert known.unlinkable_a < 0.02 * files.registry.num_rows


def test_without_nhs_numbers_precision_and_recall_stay_high_and_the_estimate_is_honest(
    files: TwoFiles,
) -> None:
    precision, recall, result = accuracy(files, withhold="nhs_number")
    assert precision > 0.97
    assert recall > 0.96
    assert result.figures.estimated_false_link_rate == pytest.approx(1 - precision, abs=0.02)
    assert "nhs_number" in result.figures.untrained_comparisons


def test_without_dates_of_birth_links_are_still_found(files: TwoFiles) -> None:
    precision, recall, _ = accuracy(files, withhold="date_of_birth")
    assert precision > 0.95
    assert recall > 0.9


@pytest.fixture(scope="module")
def small() -> tuple[pa.Table, pa.Table]:
    files = two_files(700, seed=5)
    return encoded(files.registry, keys_seed=1)[0], encoded(files.practice, keys_seed=2)[0]


def test_the_order_of_the_records_does_not_matter_and_no_one_is_linked_twice(
    small: tuple[pa.Table, pa.Table],
) -> None:
    shuffled = [t.take(np.random.default_rng(3).permutation(t.num_rows)) for t in small]
    first, second = link(*small), link(*shuffled)
    assert keyed_pairs(first) == keyed_pairs(second)
    assert first.figures.match_weight_threshold == pytest.approx(
        second.figures.match_weight_threshold, abs=1e-6
    )
    for name in ("person_key_a", "person_key_b"):
        assert len(set(first.pairs[name].to_pylist())) == first.pairs.num_rows


def test_one_connection_links_pair_after_pair_and_keeps_no_table(small: tuple[pa.Table, pa.Table]) -> None:
    registry, practice = small
    with locked_connection() as connection:
        one = link_pair(connection, registry, practice, settings=LinkSettings(LinkageProfile.TOKENS, seed=1))
        two = link_pair(connection, practice, registry, settings=LinkSettings(LinkageProfile.TOKENS, seed=1))
        left = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE NOT internal").fetchall()[0][0]
        views = connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall()[0][0]
    assert (left, views) == (0, 0)
    assert keyed_pairs(one) == {(a, b) for b, a in keyed_pairs(two)}


def test_nothing_is_logged_or_printed(
    small: tuple[pa.Table, pa.Table], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        link(*small)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_very_small_files_are_linked_with_the_documented_model() -> None:
    table = pa.table(
        {
            "given_name": ["Ann", "Bob", "Cleo"],
            "family_name": ["Smith", "Jones", "Okafor"],
            "date_of_birth": ["1951-02-03", "1962-03-04", "1973-04-05"],
            "postcode": ["SW1A 1AA", "M1 1AE", "B33 8TH"],
        }
    )
    (a, keys_a), (b, keys_b) = encoded(table, keys_seed=1), encoded(table, keys_seed=2)
    result = link(a, b)
    assert keyed_pairs(result) == set(zip(keys_a, keys_b, strict=True))
    assert {"nhs_number", "sex"} <= set(result.figures.untrained_comparisons)


def test_files_with_nobody_in_common_have_no_links() -> None:
    one = {"given_name": ["Ann"], "family_name": ["Smith"], "date_of_birth": ["1951-02-03"]}
    other = {"given_name": ["Bob"], "family_name": ["Jones"], "date_of_birth": ["1962-03-04"]}
    result = link(encoded(pa.table(one), keys_seed=1)[0], encoded(pa.table(other), keys_seed=2)[0])
    assert result.pairs.num_rows == 0
    assert result.figures.links == result.figures.candidate_pairs == 0


def test_a_file_without_rows_is_refused_with_counts(small: tuple[pa.Table, pa.Table]) -> None:
    registry, practice = small
    with pytest.raises(CannotLink) as refused:
        link(registry[:0], practice)
    assert refused.value.code is RefusalCode.TOO_FEW_RECORDS
    assert refused.value.counts == {"records_a": 0, "records_b": practice.num_rows}


@pytest.mark.parametrize("name", ["sector", "blocking"])
def test_a_part_that_lacks_a_column_is_refused(small: tuple[pa.Table, pa.Table], name: str) -> None:
    with pytest.raises(CannotLink) as refused:
        link(small[0].drop_columns(name), small[1])
    assert refused.value.code is RefusalCode.COLUMNS_DIFFER


def test_lists_of_another_length_are_refused(small: tuple[pa.Table, pa.Table]) -> None:
    registry, practice = small
    at = registry.column_names.index("blocking")
    wrong = pa.array([[1, 2, 3]] * registry.num_rows, pa.list_(pa.int64()))
    with pytest.raises(CannotLink) as refused:
        link(registry.set_column(at, "blocking", wrong), practice)
    assert refused.value.code is RefusalCode.COLUMNS_DIFFER


def test_what_a_library_says_does_not_come_out(small: tuple[pa.Table, pa.Table]) -> None:
    closed = locked_connection()
    closed.close()
    with pytest.raises(CannotLink) as refused:
        link_pair(closed, *small, settings=LinkSettings(LinkageProfile.TOKENS, seed=1))
    assert refused.value.code is RefusalCode.LINKAGE_FAILED
    assert str(refused.value) == "linkage-failed"
    assert refused.value.__cause__ is None


def test_pairs_that_are_compared_in_parts_are_weighed_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    files = two_files(900, seed=5)
    (registry, _), (practice, _) = (
        encoded(table, keys_seed=n) for n, table in enumerate((files.registry, files.practice))
    )
    at_once = link(registry, practice)
    monkeypatch.setattr(linking, "PAIRS_AT_A_TIME", at_once.figures.candidate_pairs // 4)
    in_parts = link(registry, practice)
    assert in_parts.pairs.equals(at_once.pairs)
    assert in_parts.candidates.equals(at_once.candidates)
    assert in_parts.model == at_once.model
