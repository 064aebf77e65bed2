"""The plain-text page at the end of the demo: what each party saw, and where the evidence lies."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.laboratory.demo.cast import QUALITY
from linkage_engine.laboratory.demo.path import Demo

RULE = "-" * 78
LABEL_WIDTH, NUMBER_WIDTH, WIDTH = 36, 11, 100


def page(demo: Demo) -> str:
    """The page as text."""
    parts = (_title, _parties, _quality, _report, _tables, _isolation, _timings, _evidence)
    return "\n".join(line for part in parts for line in [*part(demo), ""])


def _title(demo: Demo) -> Iterator[str]:
    england = demo.facts["england"]
    yield RULE
    yield "From four providers' CSV files to signed, disclosure-controlled tables"
    yield f"{england['people']:,} made-up people; nothing in the path is simulated but the people."
    yield RULE


def _parties(demo: Demo) -> Iterator[str]:
    yield "WHAT EACH PARTY SAW"
    for provider in demo.providers:
        receipt = demo.facts["receipts"][provider]
        yield f"  {provider}: its own rows, a validation report, and a receipt. It sent"
        yield from _sent(demo.facts["sent"][provider])
        yield f"    as log entry {receipt['log_index']}, SHA-256 {receipt['sealed_sha256'][:16]}..."
    yield "  api: sealed bytes, signed texts, digests, controlled tables sealed to their checkers."
    yield "  linkage worker: keyed tokens by random person keys; the operator sees controlled figures:"
    yield from _figures(demo.facts["linkage_run"])
    yield "  analysis worker: events by link id; no identifier, no token."
    yield "  gate: exact cells and opaque person numbers; signs what two people approved."
    for template, query in demo.facts["queries"].items():
        yield f"  researcher: question {query['query_id']}, then the package in release/{template}/."
    yield "    A question about a project that is not the researcher's was refused:"
    yield from (f"      {line}" for line in demo.facts["refused"].strip().splitlines())
    yield "  two output checkers: the table before and after control, sealed to each of them."
    yield "    Asked again for a week earlier, so that few people differ, a checker is told:"
    for line in filter(_OF_SUMMARY, demo.facts["subtracted"].splitlines()):
        yield from wrap(line, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 9)
    yield "  audit reviewer: every entry of the log, verified offline:"
    yield from (f"      {line}" for line in demo.facts["verified"].strip().splitlines())
    yield "    One character of one entry changed, and the verifier says:"
    yield from (f"      {line}" for line in demo.facts["tampered"].strip().splitlines()[:3])


_OF_SUMMARY = re.compile(r"\d+\. ").match
"""The lines at the top: what to look at first."""


def _sent(report: dict[str, Any]) -> Iterator[str]:
    """What the provider's own report says that it holds."""
    sent = [f"{file['rows']['data_set']} ({file['rows']['rows']:,} rows)" for file in report["files"]]
    yield f"    {', '.join(sent)} about {report['persons']['rows']:,} persons"


def _figures(run: dict[str, Any]) -> Iterator[str]:
    for pair, figures in run["figures"]["pairs"].items():
        said = {name: _said(figure) for name, figure in figures.items() if name not in _PLAIN}
        yield (
            f"    {pair}: {said['records_a']} and {said['records_b']} records, {said['links']} links"
            f" ({said['linked_percent_a']}% and {said['linked_percent_b']}%)"
        )
        yield (
            f"      at match weight {said['match_weight_threshold']}, chosen without truth;"
            f" estimated false links at most {said['false_links_percent_at_most']}%"
        )


_PLAIN = ("left_out", "untrained_comparisons", "seconds", "quality")


def _said(figure: dict[str, Any]) -> str:
    """A controlled number, or the mark of a hidden one."""
    return str(figure["status"]) if figure["value"] is None else f"{figure['value']:,.10g}"


def _quality(demo: Demo) -> Iterator[str]:
    scores = demo.facts["scores"]
    yield "LINKAGE AGAINST TRUTH (known to the harness alone)"
    yield f"  links {scores.found:,}, true pairs {scores.true:,}"
    yield f"  precision {scores.precision:.4f}, recall {scores.recall:.4f}, F1 {scores.f1:.4f}"


def _report(demo: Demo) -> Iterator[str]:
    """What the released quality report says first, and where it is."""
    if QUALITY not in demo.facts["queries"]:
        return
    report = demo.release(QUALITY) / "linkage-quality.html"
    yield f"QUALITY REPORT, without truth: {report}"
    for said in json.loads(report.with_suffix(".json").read_text())["summary"]:
        yield from wrap(said, WIDTH, initial_indent="  ", subsequent_indent="  ")


@dataclass(frozen=True)
class Excerpt:
    """Which rows of a released table are shown, and which of its columns under which heads."""

    said: str
    total: tuple[str, ...]
    """Only rows that are the total of these dimensions."""
    label: str
    columns: tuple[tuple[str, str], ...]


EXCERPTS = {
    "prevalence": Excerpt(
        "both sexes, all ages",
        total=("sex", "age_band"),
        label="tumour_group",
        columns=(("numerator", "people"), ("denominator", "population"), ("percent", "percent")),
    ),
    "service_use_trajectory": Excerpt(
        "emergency attendances by quarter, the diagnosis at 0",
        total=(),
        label="period",
        columns=(
            ("at_risk", "at risk"),
            ("emergency_attendance_observed", "observed"),
            ("emergency_attendance_rate", "rate"),
            ("emergency_attendance_expected_rate", "expected"),
        ),
    ),
    "excess_vs_same_age_sex": Excerpt(
        "emergency admissions in the year after",
        total=(),
        label="sex",
        columns=(
            ("cases", "cases"),
            ("emergency_admission_observed", "observed"),
            ("emergency_admission_expected", "expected"),
            ("emergency_admission_difference", "difference"),
            ("emergency_admission_difference_lower", "from"),
            ("emergency_admission_difference_upper", "to"),
        ),
    ),
    "social_care_response": Excerpt(
        "first assessments, in percent of cases",
        total=(),
        label="sex",
        columns=(
            ("cases", "cases"),
            ("care_assessment_persons", "assessed"),
            ("care_assessment_within_3m", "3 months"),
            ("care_assessment_within_12m", "12 months"),
            ("care_assessment_before_percent", "before"),
        ),
    ),
    "register_completeness": Excerpt(
        "both lists",
        total=(),
        label="sex",
        columns=(
            ("registry", "registry"),
            ("register", "registers"),
            ("completeness", "on both, %"),
            ("completeness_lower", "from"),
            ("completeness_upper", "to"),
            ("size_ratio", "size, %"),
        ),
    ),
    "personalised_care_coverage": Excerpt(
        "needs assessments, and summaries of treatment",
        total=(),
        label="organisation",
        columns=(
            ("diagnosed", "people"),
            ("needs_assessment_offered", "offered"),
            ("needs_assessment_no_submission", "not told"),
            ("needs_assessment_offered_percent", "offered %"),
            ("needs_assessment_accepted_percent", "accepted %"),
            ("treatment_summary_timely_percent", "summary %"),
        ),
    ),
    "quality_of_life": Excerpt(
        "answers about 18 months after a diagnosis",
        total=(),
        label="sex",
        columns=(
            ("people", "invited"),
            ("response_percent", "answered %"),
            ("eq_vas_mean", "VAS mean"),
            ("eq_vas_expected", "population"),
            ("summary_score_mean", "summary"),
            ("pain_mean", "pain"),
        ),
    ),
    "cancer_care_review": Excerpt(
        "reviews, as the framework counts and in plain words",
        total=(),
        label="sex",
        columns=(
            ("register", "register"),
            ("can004_denominator", "CAN004 of"),
            ("can004_numerator_percent", "CAN004 %"),
            ("review_due", "entered"),
            ("reviewed_percent", "reviewed %"),
            ("supported_percent", "support %"),
        ),
    ),
    "emergency_15m": Excerpt(
        "emergency admissions of both sexes",
        total=("sex",),
        label="age_band",
        columns=(
            ("cases", "cases"),
            ("emergency_admission_observed", "observed"),
            ("emergency_admission_expected", "expected"),
            ("emergency_admission_ratio", "ratio"),
            ("emergency_admission_ratio_lower", "from"),
            ("emergency_admission_ratio_upper", "to"),
        ),
    ),
}


def _tables(demo: Demo) -> Iterator[str]:
    for place, template in enumerate(each for each in demo.facts["queries"] if each in EXCERPTS):
        if place:
            yield ""
        yield from _table(demo.release(template), EXCERPTS[template])


def _table(release: Path, excerpt: Excerpt) -> Iterator[str]:
    record = json.loads((release / "disclosure-record.json").read_text())
    with (release / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    yield f"RELEASED: {release.name} (its table.csv has {len(rows)} rows; these are {excerpt.said})"
    yield _line(excerpt.label.replace("_", " "), [head for _, head in excerpt.columns])
    for row in rows:
        if all(row[dimension] == TOTAL for dimension in excerpt.total):
            yield _line(
                row[excerpt.label], [row[name] or row[f"{name}_status"] for name, _ in excerpt.columns]
            )
    hidden, banded = record["cells_hidden"], record["cells_banded"]
    yield f"  {hidden} of {record['cells']} cells hidden, {banded} low (nobody or few) or high (nearly all);"
    yield f"  policy {record['policy']} version {record['policy_version']}, threshold {record['threshold']},"
    yield f"  effective {record['effective_threshold']}, {record['rounding']}, margins {record['margins']}"


def _line(label: str, numbers: Sequence[str]) -> str:
    return f"  {label:<{LABEL_WIDTH}}" + "".join(f"{number:>{NUMBER_WIDTH}}" for number in numbers)


def _isolation(demo: Demo) -> Iterator[str]:
    yield "ISOLATION, AS MEASURED AT START"
    yield from (f"  {line}" for line in demo.facts["service"].splitlines() if "isolation" in line)


def _timings(demo: Demo) -> Iterator[str]:
    yield "TIMINGS"
    yield from (f"  {seconds:6.1f} s  {title}" for title, seconds in demo.journal.seconds.items())
    yield f"  {sum(demo.journal.seconds.values()):6.1f} s  together"


def _evidence(demo: Demo) -> Iterator[str]:
    yield f"EVIDENCE in {demo.out}"
    for name, what in (
        ("site/index.html", "the public register with every release, to be read in a browser"),
        ("site/releases/*/crate.zip", "the same for archives: Five Safes RO-Crates"),
        ("release/linkage_quality/*.html", "the quality report, to be read in a browser"),
        ("release/*/, release/*.zip", "the signed packages: table, metadata, records, proof"),
        ("log-bundle.zip", "the whole log; tre-audit verify log-bundle.zip"),
        ("log-bundle-tampered.zip", "the same with one character changed: verification fails"),
        ("providers/*/validation-report.json", "what each provider saw of its own rows"),
        ("providers/*/delivery.tresub", "what the service received: sealed"),
        ("evidence-of-*-saw-it.txt", "what the checkers opened"),
        ("evidence-of-a-week-earlier/", "the same in parts, with results.json for the SACRO viewer"),
        ("commands.txt", "every command and what it printed"),
        ("service.log, home/logs/", "what the processes said"),
    ):
        yield f"  {name:<38} {what}"
