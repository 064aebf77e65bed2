from __future__ import annotations

import re
from html.parser import HTMLParser

from linkage_engine.contract.query_spec import Breakdown
from service.publication.page import release_page
from service.publication.released import Released
from tests.unit.publication.releases import PREVALENCE, a_release
from tests.unit.publication.studies import EMERGENCY_RELEASE, LINKAGE_RELEASE, TRAJECTORY_RELEASE

HOSTILE = '</title><script>alert(1)</script> & "quoted"'


def page(release: Released) -> str:
    return release_page(release, files=("table.csv", "table.xlsx")).decode()


class Reader(HTMLParser):
    """What a page is made of: its elements with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def test_a_page_says_in_short_in_a_table_and_how_to_check() -> None:
    words = " ".join(Reader(page(a_release())).words)
    for said in (
        "People living with and beyond cancer",
        "Released on 1 May 2026 by project cancer-audit",
        "People with a first diagnosis in the years up to the index date: 2,700.",
        "Percentage of the population: 4.5 %.",
        "tre-audit verify-release",
        "Disclosure control by policy nhs-cancer-default, version 3",
        "entry 7 of the audit log tre.example/log",
        "[low]",
        "the true number may be 0 and need not be",
        "Limited-duration prevalence",
    ):
        assert said in words


def test_nothing_of_a_page_runs_or_comes_from_elsewhere() -> None:
    for release in (a_release(), EMERGENCY_RELEASE, TRAJECTORY_RELEASE, LINKAGE_RELEASE):
        reader = Reader(page(release))
        assert reader.tags().isdisjoint({"script", "link", "img", "iframe", "object", "form"})
        addresses = [a[name] or "" for _, a in reader.elements for name in ("href", "src") if name in a]
        assert [each for each in addresses if "://" in each or each.startswith("//")] == []
        assert not [name for _, a in reader.elements for name in a if name.startswith("on")]


def test_markup_in_a_title_is_words() -> None:
    text = page(a_release(title=HOSTILE))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert HOSTILE in " ".join(Reader(text).words)


def test_every_number_of_the_table_is_on_the_page_or_its_shorthand() -> None:
    release = a_release()
    cells = re.findall(r'<td class="number">(.*?)</td>', page(release))
    assert {"2,700", "60,000", "4.5", "[low]", "[c]"} <= set(cells)


def test_ids_are_there_once_and_links_lead_somewhere() -> None:
    for release in (a_release(), EMERGENCY_RELEASE, LINKAGE_RELEASE):
        elements = Reader(page(release)).elements
        ids = [a["id"] for _, a in elements if "id" in a]
        assert len(ids) == len(set(ids))
        inner = {(a["href"] or "")[1:] for t, a in elements if t == "a" and (a["href"] or "").startswith("#")}
        assert inner <= set(ids)


def test_every_drawing_has_a_name_and_a_description() -> None:
    for release in (a_release(), TRAJECTORY_RELEASE):
        elements = Reader(page(release)).elements
        drawn = [a for tag, a in elements if tag == "svg"]
        ids = {a.get("id") for _, a in elements}
        assert drawn
        assert all(set((a["aria-labelledby"] or "").split()) <= ids and a["role"] == "img" for a in drawn)


def test_events_have_a_table_each_beside_the_numbers_of_everybody() -> None:
    captions = re.findall(r"<caption>(.*?)</caption>", page(EMERGENCY_RELEASE))
    assert [each for each in captions if "emergency attendance" in each]
    heads = page(EMERGENCY_RELEASE).split("emergency attendance</caption>")[1].split("</thead>")[0]
    assert "People first diagnosed" in heads
    assert "mergency admission" not in heads


def test_of_a_table_whose_total_is_hidden_no_number_is_told_in_short() -> None:
    hidden = a_release(numbers={("Total",): {}})
    assert "No number of the total is shown." in page(hidden)


def test_of_a_table_without_a_total_nothing_is_told_in_short() -> None:
    assert "No number of the total is shown." in page(a_release(numbers={("Male",): {"numerator": 30}}))


def test_a_table_of_one_cell_has_no_chart_and_a_heading() -> None:
    one = PREVALENCE.model_copy(update={"breakdowns": ()})
    text = page(a_release(one, {(): {"numerator": 30, "denominator": 900}}))
    assert '<th scope="row">Total</th>' in text
    assert "<svg" not in text
    assert "Charts" not in text


def test_a_table_that_hides_nothing_needs_no_shorthand() -> None:
    full = {"numerator": 30, "denominator": 900, "percent": 3.3, "per_100_000": 3333}
    text = page(a_release(PREVALENCE, {("Total",): full}))
    assert "shorthand" not in text


def test_dimensions_are_named_in_plain_words() -> None:
    spec = PREVALENCE.model_copy(update={"breakdowns": (Breakdown.TUMOUR_GROUP, Breakdown.AGE_BAND)})
    text = page(a_release(spec, {("Total", "Total"): {"numerator": 30}}))
    assert '<th scope="col">Cancer</th>\n<th scope="col">Age</th>' in text
