from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from linkage_engine.contract.query_spec import Breakdown
from service.problems.publication import NoticesRefused
from service.publication.announced import announced_files
from service.publication.notice import Notice, Recall
from service.publication.standing import Standing, State, revised, standings
from tests.unit.publication.releases import PEOPLE, PREVALENCE, a_release

SIGNED = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
A, B, C, D = (letter * 32 for letter in "abcd")
CHANGED = {**PEOPLE, ("Male",): {**PEOPLE["Male",], "numerator": 1206}}
RELEASES = {
    A: a_release(release_id=A),
    B: a_release(numbers=CHANGED, release_id=B),
    C: a_release(release_id=C),
    D: a_release(release_id=D),
}
RECALL = Recall(on=date(2026, 5, 20), note="A provider sent the wrong file.")


def corrects(release_id: str, other: str, **more: object) -> Notice:
    said = {"release_id": release_id, "corrects": other, "change_note": "The numerator was wrong."}
    return Notice.model_validate(said | more)


def stand(*notices: Notice, now: datetime = NOW) -> dict[str, Standing]:
    return dict(standings(RELEASES, {each.release_id: each for each in notices}, now))


def codes(*notices: Notice, now: datetime = NOW) -> set[tuple[str, str]]:
    with pytest.raises(NoticesRefused) as refused:
        stand(*notices, now=now)
    listed = refused.value.facts["faults"]
    assert isinstance(listed, list)
    return {(fault["pointer"], fault["code"]) for fault in listed}


def page(standing: Standing) -> str:
    return announced_files(standing)["index.html"].decode()


def test_without_notices_every_release_is_current() -> None:
    assert {each.state for each in stand().values()} == {State.CURRENT}


def test_under_embargo_nothing_is_published_and_from_its_moment_everything() -> None:
    until = NOW + timedelta(seconds=1)
    notice = Notice(release_id=A, embargo_until=until)
    assert stand(notice)[A].state is State.EMBARGOED
    assert announced_files(stand(notice)[A]) == {}
    assert stand(notice, now=until)[A].state is State.CURRENT


@pytest.mark.parametrize("until", [SIGNED, SIGNED - timedelta(days=1)])
def test_an_embargo_that_ended_before_the_release_is_named(until: datetime) -> None:
    assert codes(Notice(release_id=A, embargo_until=until)) == {(A, "embargo-in-the-past")}


def test_a_correction_marks_what_it_revised_and_lists_it() -> None:
    stands = stand(corrects(B, A))
    assert (stands[A].state, stands[A].corrected_by) == (State.CORRECTED, B)
    files = announced_files(stands[B])
    assert '<td class="number">1,206 [r]</td>' in files["index.html"].decode()
    assert "revised: another number" in files["index.html"].decode()
    assert "What changed: The numerator was wrong." in files["index.html"].decode()
    assert list(csv.reader(io.StringIO(files["changes.csv"].decode()))) == [
        ["sex", "measure", "before", "after"],
        ["Male", "numerator", "1,200", "1,206"],
    ]
    assert 'href="changes.csv"' in files["index.html"].decode()
    corrected = page(stands[A])
    assert "This release was corrected" in corrected
    assert f'href="../{B}/index.html"' in corrected
    assert "[r]" not in corrected


def test_a_correction_of_a_correction_leads_from_all_to_the_last() -> None:
    stands = stand(corrects(B, A), corrects(C, B))
    assert [(stands[each].state, stands[each].corrected_by) for each in (A, B, C)] == [
        (State.CORRECTED, C),
        (State.CORRECTED, C),
        (State.CURRENT, None),
    ]


def test_a_correction_under_embargo_corrects_nothing_yet() -> None:
    stands = stand(corrects(B, A, embargo_until=NOW + timedelta(days=1)))
    assert (stands[A].state, stands[A].corrected_by) == (State.CURRENT, None)


def test_a_recalled_release_is_a_note_without_numbers_or_files() -> None:
    files = announced_files(stand(Notice(release_id=A, recall=RECALL))[A])
    text = files["index.html"].decode()
    assert set(files) == {"index.html"}
    for said in ("Recalled: ", "recalled on 20 May 2026", RECALL.note, "What was published as"):
        assert said in text
    assert "1,200" not in text
    assert "<table" not in text


def test_a_recalled_correction_leaves_the_first_corrected_by_nothing() -> None:
    stands = stand(corrects(B, A, recall=RECALL))
    assert (stands[A].state, stands[A].corrected_by) == (State.CORRECTED, None)
    assert "Its correction was recalled." in page(stands[A])
    assert B not in page(stands[A])


def test_past_a_recalled_correction_the_next_one_stands() -> None:
    stands = stand(corrects(B, A, recall=RECALL), corrects(C, B))
    assert stands[A].corrected_by == C
    assert f'href="../{C}/index.html"' in page(stands[B])
    assert stands[C].corrects is None
    assert "changes.csv" not in announced_files(stands[C])


def test_a_recalled_release_that_is_still_led_to_is_named() -> None:
    notices = (Notice(release_id=A, recall=RECALL), Notice(release_id=B, related=(A,)))
    assert codes(*notices) == {(B, "leads-to-recalled")}
    hidden = notices[1].model_copy(update={"recall": RECALL})
    assert stand(notices[0], hidden)[B].state is State.RECALLED


def test_a_release_under_embargo_that_is_led_to_is_named() -> None:
    embargoed = Notice(release_id=A, embargo_until=NOW + timedelta(days=1))
    assert codes(embargoed, Notice(release_id=B, related=(A,))) == {(B, "leads-to-embargoed")}


def test_other_notices_that_cannot_hold_are_named() -> None:
    stranger = "e" * 32
    assert codes(Notice(release_id=stranger)) == {(stranger, "of-no-release")}
    assert codes(corrects(A, stranger)) == {(A, "names-no-release")}
    assert codes(corrects(B, A), corrects(C, A)) == {(A, "corrected-twice")}
    circle = {(each, "corrects-itself-in-a-circle") for each in (A, B)}
    assert codes(corrects(A, B), corrects(B, A), corrects(C, B)) == circle | {(B, "corrected-twice")}


@pytest.mark.parametrize(
    "fields",
    [
        {"corrects": B},
        {"change_note": "Nothing"},
        {"corrects": A, "change_note": "Itself"},
        {"related": [A]},
        {"embargo_until": "2026-05-01T09:00:00"},
        {"recall": {"on": "2026-05-01"}},
    ],
)
def test_a_notice_that_says_too_little_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Notice.model_validate_json(json.dumps({"release_id": A} | fields))


def test_related_releases_and_the_next_update_are_on_the_page() -> None:
    text = page(stand(Notice(release_id=A, related=(B,), next_update=date(2027, 5, 1)))[A])
    assert "Next update: 1 May 2027." in text
    assert f'href="../{B}/index.html"' in text


def test_of_other_breakdowns_no_cell_is_revised() -> None:
    other = PREVALENCE.model_copy(update={"breakdowns": (Breakdown.AGE_BAND,)})
    assert revised(RELEASES[A].table, a_release(other, {("Total",): {}}).table) == frozenset()
    assert revised(RELEASES[A].table, RELEASES[A].table) == frozenset()


@given(st.permutations([A, B, C, D]), st.integers(0, 3), st.sets(st.sampled_from([A, B, C, D])))
def test_whoever_is_corrected_is_led_to_what_stands(
    order: list[str], length: int, recalled: set[str]
) -> None:
    """Along any chain of corrections, some recalled, the last that stands is what all earlier lead to."""
    chain = order[: length + 1]
    notices = {each: Notice(release_id=each) for each in chain}
    for first, then in pairwise(chain):
        notices[then] = corrects(then, first)
    notices = {
        each: notice.model_copy(update={"recall": RECALL if each in recalled else None})
        for each, notice in notices.items()
    }
    stands = standings(RELEASES, notices, NOW)
    for place, each in enumerate(chain):
        later = [other for other in chain[place + 1 :] if other not in recalled]
        assert stands[each].corrected_by == (later[-1] if later else None)
