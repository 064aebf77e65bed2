"""What a report says of hand-counted numbers, and where there is nothing to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.quality_report.document import Figure, QualityReport, ReportTable
from linkage_engine.quality_report.report import quality_report
from tests.unit.quality_report.answers import Groups, answer, asked
from tests.unit.quality_report.figures import EXACT, LINKAGE, NO_OVERLAP, ONE_PROVIDER, linkage

SEX = Breakdown.SEX
GROUPS: Groups = {"Male": (500, 480), "Female": (700, 610), "Not known or not specified": (5, 5)}
TOTAL = (1205, 1095)


def made(*, told: object = LINKAGE, groups: Groups = GROUPS, total: tuple[int, int] = TOTAL) -> QualityReport:
    spec = asked(SEX)
    return quality_report(spec, answer(spec, groups, total), told)  # type: ignore[arg-type]  # or nothing


def table(report: QualityReport, name: str) -> ReportTable:
    return next(each for section in report.sections for each in section.tables if each.name == name)


def figures(report: QualityReport, name: str, label: str) -> dict[str, Figure]:
    found = table(report, name)
    row = next(row for row in found.rows if row.label == label)
    return dict(zip((column.name for column in found.columns), row.figures, strict=True))


def texts(report: QualityReport, name: str, label: str) -> list[str]:
    return [each.text for each in figures(report, name, label).values()]


def test_the_first_sentence_says_how_many_of_how_many_were_linked() -> None:
    # midpoint-6: 1,205 is told as 1,203, 1,095 as 1,095
    assert made().summary[0] == (
        "Of about 1,203 people of Cancer registrations, about 1,095 (91 %) were linked to "
        "Registrations with general practice."
    )


def test_shares_and_differences_are_those_of_rounded_numbers() -> None:
    # told: men 501, 477 linked; women 699, 609 linked; together 1,203, 1,095 linked and 108 not
    men, others = 477 / 1095, (501 - 477) / 108
    spread = ((men * (1 - men) + others * (1 - others)) / 2) ** 0.5
    found = figures(made(), "linked_by_sex", "Male")
    assert (found["people"].value, found["linked"].value) == (501, 477)
    assert found["share_of_linked"].value == round(100 * men, 1) == 43.6
    assert found["share_of_unlinked"].value == round(100 * others, 1) == 22.2
    assert found["difference"].value == round((men - others) / spread, 2) == 0.47
    assert found["flag"].text == "over 0.1"


def test_groups_that_differ_are_named_at_the_beginning() -> None:
    assert made().summary[1].startswith("In 2 of 2 groups compared the linked differ")
    alike: Groups = {"Male": (600, 540), "Female": (600, 540)}
    assert made(groups=alike, total=(1200, 1080)).summary[1].startswith("In none of 2 groups compared")


def test_small_groups_are_hidden_and_nothing_is_computed_from_them() -> None:
    found = figures(made(), "linked_by_sex", "Not known or not specified")
    assert {each.text for name, each in found.items() if name != "flag"} == {"[c]"}
    assert found["flag"].text == "not known"


def test_that_nearly_all_are_linked_to_everybodys_register_may_be_told_and_to_no_other() -> None:
    spec = asked()
    of_practices = quality_report(spec, answer(spec, {}, (10_000, 9900)), LINKAGE)
    assert texts(of_practices, "sensitivity", "Primary") == ["9,999", "9,897", "99"]
    other = asked(data_set="gp_registration", linked_to="cancer_registration")
    of_cancers = quality_report(other, answer(other, {}, (10_000, 9900)), LINKAGE)
    assert texts(of_cancers, "sensitivity", "Primary") == ["9,999", "[high]", "[high]"]


def test_whoever_is_left_over_is_protected_in_everybodys_register_too() -> None:
    spec = asked()
    report = quality_report(spec, answer(spec, {}, (10_000, 9990)), LINKAGE)
    assert texts(report, "sensitivity", "Primary") == ["9,999", "[high]", "[high]"]
    assert "all or nearly all were linked" in report.summary[0]


@pytest.mark.parametrize(
    ("total", "said"),
    [((9, 5), "is not told"), ((900, 3), "nobody or few were"), ((20, 15), "a number that is not told were")],
)
def test_a_headline_that_may_not_be_told_says_so(total: tuple[int, int], said: str) -> None:
    assert said in made(groups={}, total=total).summary[0]


def test_precision_and_recall_are_bounds_from_told_numbers() -> None:
    name = "cancer_registry_gp_federation"
    rows = table(made(), f"errors_{name}").rows
    # 1,095 links, 1,132 matches at least (1,131.7, told as 1,131); false links at most 1 %
    assert [row.figures[0].text for row in rows] == ["99", "1,131", "96.8"]


def test_numbers_withheld_from_the_model_tell_precision_and_recall_as_far_as_few_may_be_told() -> None:
    rows = table(made(), "numbered_cancer_registry_gp_federation").rows
    # 900 numbers, 870 links of which 2 false, 32 missed; told 897, 867, few, 33: 12 of 867 at most are false
    assert [row.figures[0].text for row in rows] == ["897", "867", "[low]", "33", "98.6", "96.3"]
    assert "no random part" in table(made(), "numbered_cancer_registry_gp_federation").notes[0]


def test_weights_are_counted_in_bands_and_few_pairs_are_low() -> None:
    found = table(made(), "weights_cancer_registry_gp_federation")
    assert found.rows[0].label == "under -20"
    assert found.rows[-1].label == "60 or more"
    assert [each.text for each in found.rows[0].figures] == ["[low]", "51"]
    assert [each.text for each in found.rows[5].figures] == ["21", "[low]"]
    assert found.chart is not None
    assert found.chart.ticks[-1] >= 100


def test_records_of_each_provider_say_who_is_there_twice_and_who_cannot_be_linked() -> None:
    rows = {row.label: row for row in table(made(), "records_cancer_registry_gp_federation").rows}
    assert [each.text for each in rows["Records with too little in them to be linked"].figures] == [
        "15",
        "[low]",
    ]
    assert [each.text for each in rows["People with more than one record"].figures] == ["[low]", "[low]"]


def test_without_overlap_the_report_says_so_and_shows_no_rate() -> None:
    report = made(told=NO_OVERLAP, total=(1205, 0), groups={"Male": (500, 0), "Female": (700, 0)})
    assert report.summary[0].startswith("No overlap to speak of was seen")
    found = figures(report, "linked_by_sex", "Male")
    assert found["people"].text == "501"
    assert {each.status for name, each in found.items() if name not in {"people", "flag"}} == {
        CellStatus.UNAVAILABLE
    }
    assert {section.name for section in report.sections} == {"groups", "linkage", "method", "limits"}


def test_one_provider_of_both_data_sets_is_said_and_nothing_is_shown_of_a_linkage() -> None:
    report = made(told=ONE_PROVIDER, total=(1205, 0), groups={})
    assert report.summary[0].startswith("Both data sets come from one provider")
    assert next(each for each in report.sections if each.name == "linkage").tables == ()


def test_what_the_data_set_does_not_hold_is_named() -> None:
    spec = asked(Breakdown.AGE_BAND, Breakdown.AREA, data_set="apc_spell")
    report = quality_report(spec, answer(spec, {}, (900, 800)), LINKAGE)
    groups = next(each for each in report.sections if each.name == "groups")
    assert groups.tables == ()
    assert groups.paragraphs == (
        "Not held by the data set whose people are counted: age, integrated care board.",
    )


def test_areas_of_which_nothing_is_told_are_counted_and_not_listed() -> None:
    spec = asked(Breakdown.AREA, data_set="gp_registration", linked_to="cancer_registration")
    groups: Groups = {"E54000054 West Yorkshire": (700, 300)}
    report = quality_report(spec, answer(spec, groups, (700, 300)), LINKAGE)
    found = table(report, "linked_by_area")
    assert [row.label for row in found.rows] == ["E54000054 West Yorkshire", "Total"]
    assert found.notes == ("Of 42 more nothing is told ([c]).",)


def test_a_linkage_of_an_earlier_version_has_fewer_tables_and_a_missing_one_says_so() -> None:
    earlier = made(told=linkage(replace(EXACT, quality=None)))
    linked = next(each for each in earlier.sections if each.name == "linkage")
    assert [each.name for each in linked.tables] == ["records_cancer_registry_gp_federation"]
    unknown = made(told=None)
    assert "link again" in next(each for each in unknown.sections if each.name == "linkage").paragraphs[0]


def test_the_method_answers_guild_and_says_what_limits_the_estimates() -> None:
    items = {item.term for section in made().sections for item in section.items}
    assert {"Who sent the data", "Who linked them", "Fields", "How", "Threshold"} <= items
    hard = replace(EXACT, quality=replace(EXACT.quality, is_settled=False, resubmissions=2))  # type: ignore[type-var]
    items = {item.term for section in made(told=linkage(hard)).sections for item in section.items}
    assert {"Training", "Resubmissions linked since the model was trained"} <= items
