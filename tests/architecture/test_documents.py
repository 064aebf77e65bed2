from __future__ import annotations

import ast
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.contract.query_spec import TEMPLATES, query_spec
from service.problems.catalogue import CATALOGUE
from service.researcher.yaml_text import read_document
from tests.architecture.documents.__main__ import SCHEMA, schema
from tests.architecture.documents.dictionary import dictionary_page
from tests.architecture.documents.folders import folder_table, with_table
from tests.architecture.documents.pages import (
    FENCED,
    PAGES,
    ROOT,
    Typed,
    links,
    named_tests,
    paths,
    sections,
    spans,
    table_rows,
    typed,
)
from tests.architecture.documents.problems_page import problems_page
from tests.architecture.documents.programs import commands, fault, make_targets

DOCS = ROOT / "docs"
EXAMPLES = ROOT / "service" / "researcher" / "examples"
GUIDES = {
    "checker.md": "tre-checker",
    "operator.md": "tre-operate",
    "provider.md": "tre-provider",
    "publisher.md": "tre-publish",
    "researcher.md": "tre-researcher",
    "reviewer.md": "tre-audit",
}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|TBD|XXX|lorem)\b|coming soon", re.IGNORECASE)
OF_ONE_MACHINE = re.compile(r"(?<![\w.])/(?:work|home|root|tmp|Users)/|localhost:\d")
AMERICAN = re.compile(
    r"\b\w*(?:nymize|rmalize|thorize|ganize|ummarize|ecognize|ategorize|tilize)\w*\b|\bcolor\b"
)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Functions, classes and values of a module, methods too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


# --- every page -------------------------------------------------------------------------


@every_page
def test_every_command_that_a_page_shows_can_be_typed_so(page: Path) -> None:
    said = list(typed(page.name, text_of(page), "tre-"))
    assert [(one.words, fault(one)) for one in said if fault(one)] == []


@every_page
def test_every_target_of_make_that_a_page_names_has_a_rule(page: Path) -> None:
    targets = make_targets(ROOT / "Makefile")
    said = {
        word for one in typed(page.name, text_of(page), "make ") for word in one.words[1:] if "=" not in word
    }
    assert said <= targets


@every_page
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    assert [path for path in paths(text_of(page)) if not (ROOT / path).exists()] == []


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links(text_of(page)) if not (page.parent / link).exists()] == []


@every_page
def test_every_test_that_a_page_names_in_full_exists(page: Path) -> None:
    missing = [
        (file, name)
        for file, name in named_tests(text_of(page))
        if not (ROOT / file).is_file() or name not in names_in(ROOT / file)
    ]
    assert missing == []


@every_page
def test_pages_are_finished_of_no_one_machine_and_in_british_spelling(page: Path) -> None:
    text = text_of(page)
    assert [pattern.findall(text) for pattern in (UNFINISHED, OF_ONE_MACHINE, AMERICAN)] == [[], [], []]


@every_page
def test_every_page_has_one_title(page: Path) -> None:
    text = text_of(page)
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", FENCED.sub("", text), re.MULTILINE)) == 1


# --- README -----------------------------------------------------------------------------


def test_the_two_commands_of_the_readme_are_the_demo_and_the_tests() -> None:
    said = [one.words[1] for one in typed("README.md", text_of(ROOT / "README.md"), "make ") if one.whole]
    assert said == ["demo", "test"]


def test_the_readme_leads_to_every_guide() -> None:
    assert {f"docs/guides/{name}" for name in GUIDES} <= set(links(text_of(ROOT / "README.md")))


# --- ARCHITECTURE, problems, decisions --------------------------------------------------


def test_the_captions_of_folders_are_those_of_their_packages() -> None:
    page = text_of(DOCS / "ARCHITECTURE.md")
    assert page == with_table(page, folder_table(ROOT)), "run: python -m tests.architecture.documents"


def test_every_symbol_that_the_architecture_names_is_where_it_says() -> None:
    listed = text_of(DOCS / "ARCHITECTURE.md").split("<!-- symbols -->")[1].split("<!-- /symbols -->")[0]
    rows = table_rows(listed)
    missing, waiting = [], list[str]()
    for _, where in rows:
        for span in spans(where):
            if not span.endswith(".py"):
                waiting.append(span)
                continue
            missing += [(span, name) for name in waiting if name not in names_in(ROOT / span)]
            waiting = []
    assert len(rows) > 10
    assert (missing, waiting) == ([], [])


def test_the_dictionary_is_that_of_the_catalogue() -> None:
    page = text_of(DOCS / "DATA-SETS.md")
    assert page == dictionary_page(), "run: python -m tests.architecture.documents"


def test_the_catalogue_of_refusals_is_the_services() -> None:
    assert text_of(DOCS / "problems.md") == problems_page(CATALOGUE), (
        "run: python -m tests.architecture.documents"
    )


def test_every_decision_says_why_what_follows_and_what_else_and_is_listed() -> None:
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    headings = ["Context", "Decision", "Consequences", "Alternatives"]
    assert [
        page.name for page in pages if re.findall(r"^## (.+)$", text_of(page), re.MULTILINE) != headings
    ] == []
    # Numbers are given out before decisions are taken, so one may stay free; none is given twice.
    assert len({page.name[:4] for page in pages}) == len(pages)
    assert links(text_of(DOCS / "decisions" / "README.md")) == [page.name for page in pages]


# --- SECURITY-PROPERTIES ----------------------------------------------------------------

FORM = re.compile(
    r".+? - Modules: (?P<modules>.+?)\. - Enforced by: .+?\. - Tests: (?P<tests>.+?)(?: ## .*)?"
)
PROPERTIES = sections(text_of(DOCS / "SECURITY-PROPERTIES.md"), "P")


@pytest.mark.parametrize("heading", PROPERTIES)
def test_every_property_names_modules_what_enforces_it_and_tests(heading: str) -> None:
    said = FORM.fullmatch(" ".join(PROPERTIES[heading].split()))
    assert said, "a claim, then - Modules: ... - Enforced by: ... - Tests: ..."
    assert all((ROOT / module).is_file() for module in paths(said["modules"]))
    assert paths(said["modules"])
    assert named_tests(said["tests"])


def test_properties_are_numbered() -> None:
    assert [heading.split()[0] for heading in PROPERTIES] == [f"P{n}" for n in range(1, len(PROPERTIES) + 1)]


BAD_INPUT = {row[0]: row[1] for row in table_rows(text_of(DOCS / "SECURITY-PROPERTIES.md")) if len(row) == 2}


@pytest.mark.parametrize("item", BAD_INPUT)
def test_every_kind_of_bad_input_has_its_tests(item: str) -> None:
    assert named_tests(BAD_INPUT[item])


THREATS = {
    row[0]: row[1:]
    for row in table_rows(text_of(DOCS / "SECURITY-PROPERTIES.md"))
    if len(row) == 3 and re.match(r"T\d+ ", row[0])
}


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_has_its_tests_or_is_said_not_to_be_held(threat: str) -> None:
    tests, not_held = THREATS[threat]
    assert named_tests(tests) if tests != "none" else not_held.startswith("Not yet held")
    assert not_held


def test_all_24_threats_are_there() -> None:
    assert [threat.split()[0] for threat in THREATS] == [f"T{number}" for number in range(1, 25)]


def test_every_import_contract_that_is_named_is_checked() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    contracts = {contract["name"].split()[0] for contract in project["tool"]["importlinter"]["contracts"]}
    named = set(re.findall(r"[Cc]ontract (\d+[a-z]?)\b", text_of(DOCS / "SECURITY-PROPERTIES.md")))
    assert named
    assert named <= contracts


def test_every_test_that_disclosure_control_rests_on_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of(DOCS / "DISCLOSURE.md")))
    there = set().union(*(names_in(path) for path in (ROOT / "tests").rglob("test_*.py")))
    assert named
    assert named <= there


# --- GLOSSARY, guides -------------------------------------------------------------------


def test_the_words_of_the_glossary_are_in_order_and_each_there_once() -> None:
    words = [row[0] for row in table_rows(text_of(DOCS / "GLOSSARY.md"))]
    assert len(words) > 40
    assert words == sorted(set(words), key=str.casefold)


def test_every_word_of_the_glossary_is_explained() -> None:
    assert [row for row in table_rows(text_of(DOCS / "GLOSSARY.md")) if len(row) != 3 or not row[1]] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_shows_every_command_of_its_program(guide: str) -> None:
    text = text_of(DOCS / "guides" / guide)
    shown = {one.words[1] for one in typed(guide, text, GUIDES[guide]) if len(one.words) > 1 and one.whole}
    mentioned = {one.words[1] for one in typed(guide, text, GUIDES[guide]) if len(one.words) > 1}
    program = commands(GUIDES[guide])
    assert set(program) <= mentioned
    assert mentioned - shown <= {"sign"}


def questions_of_the_guide() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text_of(DOCS / "guides" / "researcher.md"), re.DOTALL)


def test_the_examples_of_the_researchers_tool_are_those_of_the_guide() -> None:
    shipped = {path.read_text(encoding="utf-8") for path in EXAMPLES.iterdir()}
    assert shipped == set(questions_of_the_guide())


def test_the_questions_of_the_researchers_guide_are_those_of_the_language() -> None:
    questions = [query_spec(read_document(example.encode()).value) for example in questions_of_the_guide()]
    assert [asked.template for asked in questions] == list(TEMPLATES)
    for asked in questions:
        named = getattr(asked.parameters, "tumour_groups", None) or ()
        assert set(named) <= {group.name for group in tumour_groups().groups}
        assert asked.parameters.age_bands in {banding.name for banding in age_bandings().bandings}


@pytest.mark.parametrize("guide", GUIDES)
def test_every_refusal_of_a_guide_has_the_name_of_one(guide: str) -> None:
    """Rows of its last table that begin with a capital are titles of refusals."""
    last = text_of(DOCS / "guides" / guide).split("## When something")[1]
    titles = {problem.title for problem in CATALOGUE.values()}
    said = [row[0].split(",")[0].split(" ...")[0].split(" at ")[0] for row in table_rows(last)]
    said = [title for title in said if title[:1].isupper() and not title.startswith("Refused:")]
    assert [title for title in said if title not in titles] == []


def test_the_steps_of_the_demo_add_up() -> None:
    text = text_of(DOCS / "PERFORMANCE.md").split("## The demo")[1].split("| sealed part")[0]
    *steps, total = [float(row[1]) for row in table_rows(text)]
    assert sum(steps) == pytest.approx(total, abs=0.05)


# --- the checks themselves can fail -----------------------------------------------------


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("tre-nothing", "no such program"),
        ("tre-worker cook", "no such role"),
        ("tre-api --port 1", "takes no arguments"),
        ("tre-checker cook", "no such command"),
        ("tre-checker queue --cook", "no such option: --cook"),
        ("tre-checker open --url u --keys k", "MissingParameter"),
        ("tre-audit verify-release release.zip", "refused by the verifier"),
        ("tre-checker queue --url u --keys k", None),
        ("tre-worker linkage", None),
        ("tre-audit verify bundle.zip --vkey log.vkey", None),
    ],
)
def test_a_command_that_cannot_be_typed_is_found(line: str, why: str | None) -> None:
    (said,) = typed("page", f"    {line}\n", "tre-")
    assert fault(said) == why


def test_a_mention_needs_no_arguments_but_a_name_that_exists() -> None:
    good, bad = typed("page", "Run `tre-checker open`, not `tre-checker cook`.", "tre-")
    assert (good, fault(good)) == (Typed("page", ("tre-checker", "open"), whole=False), None)
    assert fault(bad) == "no such command"


def test_what_a_page_names_is_found() -> None:
    text = "See [it](a.md#b), [out](https://example.org) and `service/api.py`; `tests/x.py::test_y`.\n"
    text += "\n| a |\n|---|\n| b |\n"
    assert (links(text), paths(text)) == (["a.md"], ["service/api.py"])
    assert (named_tests(text), table_rows(text)) == ([("tests/x.py", "test_y")], [["b"]])


def test_the_schema_of_questions_is_that_of_the_language_and_takes_the_questions_of_the_guide() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema()
    taken = jsonschema_rs.validator_for(json.loads(schema()))
    for text in questions_of_the_guide():
        example = read_document(text.encode()).value
        assert isinstance(example, dict)
        assert taken.is_valid(example)
        assert not taken.is_valid(example | {"breakdowns": ["nothing"]})
