"""The plain-text page at the end of the demo: what each party saw, and where the evidence lies."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.laboratory.demo.path import Demo

RULE = "-" * 78


def page(demo: Demo) -> str:
    """The page as text."""
    parts = (_title, _parties, _quality, _table, _isolation, _timings, _evidence)
    return "\n".join(line for part in parts for line in [*part(demo), ""])


def _title(demo: Demo) -> Iterator[str]:
    england = demo.facts["england"]
    yield RULE
    yield "From four providers' CSV files to a signed, disclosure-controlled table"
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
    yield "  linkage worker: keyed tokens by random person keys; the operator sees its figures:"
    yield from _figures(demo.facts["linkage_run"])
    yield "  analysis worker: events by link id; no identifier, no token."
    yield "  gate: exact cells and opaque person numbers; signs what two people approved."
    yield f"  researcher: question {demo.facts['query']['query_id']}, then the package in release/."
    yield "    A question outside the permit was refused:"
    yield from (f"      {line}" for line in demo.facts["refused"].strip().splitlines())
    yield "  two output checkers: the table before and after control, sealed to each of them."
    yield "  audit reviewer: every entry of the log, verified offline:"
    yield from (f"      {line}" for line in demo.facts["verified"].strip().splitlines())
    yield "    One character of one entry changed, and the verifier says:"
    yield from (f"      {line}" for line in demo.facts["tampered"].strip().splitlines()[:3])


def _sent(report: dict[str, Any]) -> Iterator[str]:
    """What the provider's own report says that it holds."""
    sent = [f"{file['rows']['data_set']} ({file['rows']['rows']:,} rows)" for file in report["files"]]
    yield f"    {', '.join(sent)} about {report['persons']['rows']:,} persons"


def _figures(run: dict[str, Any]) -> Iterator[str]:
    for pair, figures in run["figures"]["pairs"].items():
        yield (
            f"    {pair}: {figures['records_a']:,} and {figures['records_b']:,} records,"
            f" {figures['links']:,} links at match weight {figures['match_weight_threshold']:.1f},"
        )
        yield f"    chosen without truth; estimated false links {figures['estimated_false_link_rate']:.2%}"


def _quality(demo: Demo) -> Iterator[str]:
    scores = demo.facts["scores"]
    yield "LINKAGE AGAINST TRUTH (known to the harness alone)"
    yield f"  links {scores.found:,}, true pairs {scores.true:,}"
    yield f"  precision {scores.precision:.4f}, recall {scores.recall:.4f}, F1 {scores.f1:.4f}"


def _table(demo: Demo) -> Iterator[str]:
    record = json.loads((demo.out / "release" / "disclosure-record.json").read_text())
    with (demo.out / "release" / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    yield f"THE RELEASED TABLE (release/table.csv has {len(rows)} rows; these are both sexes, all ages)"
    yield f"  {'tumour group':<44}{'people':>9}{'population':>12}{'percent':>9}"
    for row in rows:
        if row["sex"] == row["age_band"] == TOTAL:
            numbers = [row[name] or row[f"{name}_status"] for name in ("numerator", "denominator", "percent")]
            yield "  {:<44}{:>9}{:>12}{:>9}".format(row["tumour_group"], *numbers)
    yield f"  {record['cells_hidden']} of {record['cells']} cells hidden;"
    yield f"  policy {record['policy']} version {record['policy_version']}, threshold {record['threshold']},"
    yield f"  effective {record['effective_threshold']}, {record['rounding']}, margins {record['margins']}"


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
        ("release/, release.zip", "the signed package: table, metadata, records, proof"),
        ("log-bundle.zip", "the whole log; tre-audit verify log-bundle.zip"),
        ("log-bundle-tampered.zip", "the same with one character changed: verification fails"),
        ("providers/*/validation-report.json", "what each provider saw of its own rows"),
        ("providers/*/delivery.tresub", "what the service received: sealed"),
        ("evidence-as-checker-*-saw-it.txt", "what the checkers opened"),
        ("commands.txt", "every command and what it printed"),
        ("service.log, home/logs/", "what the processes said"),
    ):
        yield f"  {name:<38} {what}"
