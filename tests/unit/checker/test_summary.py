"""The first lines that a checker reads: ten at most, in plain words, the weightiest first."""

from __future__ import annotations

from linkage_engine.contract.earlier import LookedBack, Whole
from linkage_engine.contract.evidence import Reason
from service.checker.words import LIES, WORDS, differences, earlier_lines, summary
from tests.factories import a_history_audit
from tests.unit.checker.evidences import QUESTION, an_earlier_table, looked_back, some_evidence


def test_every_reason_and_every_way_tables_lie_has_words() -> None:
    assert WORDS.keys() == set(Reason)
    assert LIES.keys() == set(Whole)


def test_a_count_that_can_be_subtracted_is_to_be_looked_at_first() -> None:
    first, *_ = summary(some_evidence(earlier=looked_back()))
    assert first == (
        "1. LOOK FIRST: 1 count told here and told before of nearly the same people differs by fewer people "
        "than the policy protects; the nearest: numerator of Total differs by 2 people from numerator of "
        "sex=Male in ...0198aaaa"
    )


def test_what_was_hidden_says_with_which_table_it_would_have_told_of_whom() -> None:
    lines = summary(some_evidence(earlier=looked_back()))
    assert "2. 2 cells hidden by history; Female would give 1 person away (with ...0198aaaa)" in lines


def test_a_group_that_this_table_alone_would_give_away_is_said_to_be() -> None:
    [each] = looked_back().withheld
    alone = each.model_copy(update={"labels": (), "cells": (), "here": 1, "earlier": 0, "people": 3})
    lines = summary(some_evidence(earlier=looked_back(alike=(), withheld=(alone,))))
    assert lines[0].endswith("the only cell would give 3 people away (with cells of this table)")


def test_a_worst_table_still_has_ten_lines_and_the_alarms_are_among_them() -> None:
    audit = a_history_audit(leverage_top1=0.6, groups_known_before=2)
    lines = summary(some_evidence(history=audit, earlier=looked_back(alike_tables_left=3)))
    assert len(lines) == 10
    text = "\n".join(lines)
    for said in ("LOOK FIRST", "OVER BUDGET", "2 small groups follow", "3 older tables were not compared"):
        assert said in text
    assert [line.split(".")[0] for line in lines] == [str(number) for number in range(1, 11)]


def test_an_outcome_that_was_counted_otherwise_before_is_named() -> None:
    found = {"outcomes": ("cancer_diagnosed",), "sets": 9, "told_otherwise": 4, "ways": 2}
    audit = a_history_audit(outcomes=[{**found, "mean": 0.02, "top1": 0.1}])
    first, *_ = summary(some_evidence(history=audit))
    assert first.startswith("1. COUNTED OTHERWISE BEFORE: cancer_diagnosed over 4 of these sets of people")


def test_a_quiet_table_says_so_in_few_lines() -> None:
    learnt = (
        "1. learnt of a yes or no about a person by all tables together: 2.1 % on average (limit 10.0 %), "
        "12.3 % at the top (limit 50.0 %)"
    )
    assert summary(some_evidence(history=a_history_audit(releases=0, withheld=0))) == [
        learnt,
        "2. 3 of 4 cells have something hidden: too few 2, history 1",
        "3. the first table of its project: there is nothing to subtract it from",
    ]


def test_hidden_by_history_without_an_explanation_is_said_too() -> None:
    lines = summary(some_evidence())
    assert lines[0] == "1. 2 cells hidden by history: no single earlier cell explains it"
    assert lines[-1] == "4. 3 tables decided before; 0 of them tell of people or cells of this one"


def test_a_table_without_anything_hidden_names_no_reason() -> None:
    evidence = some_evidence(reasons=((None, None),) * 4, history=a_history_audit(withheld=0))
    assert "2. 3 of 4 cells have something hidden" in summary(evidence)


def test_questions_differ_in_the_parts_that_differ() -> None:
    assert differences(an_earlier_table().question, QUESTION) == ["lookback_years 20, here 21"]
    assert differences(QUESTION, QUESTION) == []


def test_questions_of_two_templates_differ_in_what_one_of_them_has() -> None:
    specification = QUESTION.specification.model_copy(update={"breakdowns": ()})
    narrow = QUESTION.model_copy(update={"specification": specification})
    [found] = [each for each in differences(narrow, QUESTION) if each.startswith("breakdowns")]
    assert found.startswith("breakdowns none, here ")


def test_earlier_tables_are_told_in_a_line_each() -> None:
    apart = an_earlier_table(whole=Whole.APART, same=0, near=0, alike=0, withheld=0, question=QUESTION)
    hidden = looked_back().alike[0].model_copy(update={"told": False})
    near = looked_back().near[0].model_copy(update={"told": True})
    looked = looked_back(tables=(an_earlier_table(), apart), alike=(hidden,), near=(near,))
    first, second, alike, beside = earlier_lines(some_evidence(earlier=looked))
    assert first == (
        "...0198aaaa asked by rachel on 01 February 2026, about the same people but a few: "
        "lookback_years 20, here 21 "
        "[2 cells of the same people, 1 of nearly the same, 1 counts alike, 1 cells hidden because of it]"
    )
    assert second.endswith("about other people: the same question")
    assert alike.endswith("(hidden here)")
    assert beside == "near: Female has 1 more and 0 fewer people than sex=Male in ...0198aaaa"
    assert earlier_lines(some_evidence(earlier=LookedBack())) == []
