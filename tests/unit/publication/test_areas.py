from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from linkage_engine.catalogue.areas import areas
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.query_spec import Breakdown
from service.publication.notice import Notice, Recall
from service.publication.register.areas import CODED
from service.publication.register.site import site
from tests.spec.drawn_emergency import an_emergency_spec
from tests.unit.publication.releases import Numbers, a_release
from tests.unit.publication.studies import ADMISSION, of
from tests.unit.publication.test_register import NOW, given

HERE, THERE = (area.label for area in areas().areas[:2])
GONE = "E54999999 A board <of before>"
A, B = "a" * 32, "b" * 32
BREAST, LUNG = "Breast", "Lung"


def numbers(percent: float, *limits: float, **more: float | CellStatus) -> dict[str, float | CellStatus]:
    lower, upper = limits
    return of(ADMISSION, percent=percent, percent_lower=lower, percent_upper=upper) | {"cases": 300, **more}


TOLD: Numbers = {
    (cancer, area): numbers(*shares)
    for cancer, by_area in {
        BREAST: {HERE: (20.0, 15.0, 26.0), THERE: (30.0, 27.0, 33.0), "Total": (25.0, 24.0, 26.0)},
        LUNG: {HERE: (70.0, 66.0, 74.0), THERE: (55.0, 50.0, 59.0), "Total": (60.0, 58.0, 62.0)},
        "Total": {HERE: (40.0, 38.0, 42.0), THERE: (41.0, 38.0, 44.0), "Total": (41.0, 40.0, 42.0)},
    }.items()
    for area, shares in by_area.items()
}
BY_BOTH = a_release(
    an_emergency_spec(Breakdown.TUMOUR_GROUP, Breakdown.AREA, events=(ADMISSION,)), TOLD, release_id=A
)
BY_SEX_TOO = a_release(
    an_emergency_spec(Breakdown.SEX, Breakdown.AREA, events=(ADMISSION,)),
    {
        (sex, area): of(ADMISSION, percent=CellStatus.LOW) | {"cases": 100}
        for sex in ("Female", "Total")
        for area in (GONE, "Total")
    },
    release_id=B,
)
RELEASES = {A: BY_BOTH, B: BY_SEX_TOO}


def pages(*notices: Notice, now: datetime = NOW) -> dict[str, str]:
    files = dict(site(given(*notices, releases=RELEASES), now))
    return {path: data.decode() for path, data in files.items() if path.startswith("areas/")}


def page_of(label: str, *notices: Notice) -> str:
    return pages(*notices)[f"areas/{label.partition(' ')[0]}/index.html"]


def rows(page: str) -> list[tuple[str, ...]]:
    body = re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", page)
    return [tuple(re.findall(r">([^<]*)</t[hd]>", row)) for row in body]


def test_an_area_is_told_by_cancer_beside_all_areas_together() -> None:
    shares = [
        row for row in rows(page_of(HERE)) if row[3] in {"15.0 to 26.0", "66.0 to 74.0", "38.0 to 42.0"}
    ]
    assert [(cancer, *told) for cancer, _, *told in shares] == [
        ("All cancers", "40.0", "38.0 to 42.0", "41.0", "no clear difference"),
        (BREAST, "20.0", "15.0 to 26.0", "25.0", "no clear difference"),
        (LUNG, "70.0", "66.0 to 74.0", "60.0", "higher"),
    ]
    assert {row[-1] for row in rows(page_of(THERE)) if row[0] == LUNG and row[2] == "55.0"} == {"lower"}


def test_every_page_has_its_cautions_and_leads_to_the_release() -> None:
    page = page_of(HERE)
    for said in (
        "Read with care",
        "not where they are treated",
        "they take out age and sex alone.</li>",
        f'<a href="../../releases/{A}/index.html">',
    ):
        assert said in page
    assert "changed since" not in page


def test_an_area_of_other_boundaries_says_so_and_its_name_is_no_markup() -> None:
    page = page_of(GONE)
    assert "its boundary or its code changed since" in page
    assert "A board &lt;of before&gt;" in page
    assert "<of before>" not in page
    cancer, _, here, likely, of_all, _ = next(row for row in rows(page) if "[low]" in row)
    assert (cancer, here, likely, of_all) == ("All cancers", "[low]", "", "[low]")


def test_of_other_breakdowns_only_the_totals_are_told() -> None:
    assert len([row for row in rows(page_of(GONE)) if "100" in row]) == 1


def test_the_list_is_by_name_and_the_front_page_leads_to_it() -> None:
    listed = re.findall(r'<li><a href="([^"]+)">([^<]+)<', pages()["areas/index.html"])
    assert [name for _, name in listed] == sorted(name for _, name in listed)
    assert len(listed) == 3
    files = dict(site(given(releases={A: BY_BOTH}), NOW))
    assert b'<a href="areas/index.html">' in files["index.html"]


@pytest.mark.parametrize(
    "notice",
    [
        Notice(release_id=B, recall=Recall(on=date(2026, 5, 20), note="The wrong file.")),
        Notice(release_id=B, embargo_until=datetime(2026, 7, 1, tzinfo=UTC)),
    ],
)
def test_what_is_recalled_or_under_embargo_is_on_no_page(notice: Notice) -> None:
    assert not [path for path in pages(notice) if "E54999999" in path]


def test_without_a_release_by_area_there_is_no_page() -> None:
    files = dict(site(given(), NOW))
    assert not [path for path in files if path.startswith("areas/")]
    assert b"areas/index.html" not in files["index.html"]


def test_every_shipped_area_is_recognised_by_its_label() -> None:
    assert all(CODED.match(area.label) for area in areas().areas)
