"""What a linkage counted exactly stays inside: neither the database nor an answer holds it."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from linkage_engine.boundary import Linked
from linkage_engine.contract.reports import LinkageFigures
from linkage_engine.link.encoding import PROFILE, SECRET
from service.linkage_runs.actions import crosswalk_received, finish_run
from tests.at_work import AtWork, at_work, prepared
from tests.databases import Files
from tests.factories import PROJECT
from tests.linkage.tokens.people import encoded, two_files
from tests.unit.boundary.doors import Doors, doors_in, recipient_of

DELIVERIES = {"northern-trust": "d1", "southern-trust": "d2"}
POLICY = "nhs-cancer-default"


@cache
def people() -> pa.Table:
    """Identifiers of about 520 made-up people, each a row."""
    return two_files(700, seed=3).practice


@dataclass(frozen=True)
class Counted:
    """A run, and what only the inside may know of it."""

    doors: Doors
    linked: Linked

    @property
    def figures(self) -> LinkageFigures:
        return self.linked.figures.pairs["northern-trust:southern-trust"]

    @property
    def persons(self) -> int:
        return int(pc.count_distinct(self.linked.crosswalk["link_id"]).as_py())

    @property
    def links(self) -> int:
        return int(self.linked.crosswalk.num_rows) - self.persons


def counted(folder: Path, a: range, b: range) -> Counted:
    """Two files of people linked through the linkage worker's door."""
    doors = doors_in(folder)
    for (provider, delivery), rows in zip(DELIVERIES.items(), (a, b), strict=True):
        table, _ = encoded(people()[rows.start : rows.stop], keys_seed=len(rows))
        table = table.replace_schema_metadata({PROFILE: b"tokens", SECRET: b"1 ab"})
        doors.linkage.inside.vault.write(PROJECT, f"identifiers/{provider}/{delivery}", table)
    return Counted(doors, doors.linkage.link(PROJECT, "ab" * 16, DELIVERIES, policy=POLICY))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[AtWork]:
    made = prepared(tmp_path_factory.mktemp("prepared"), files)
    with at_work(tmp_path_factory.mktemp("at-work"), made, files.copy(made.urls["project"])) as one:
        yield one


def reported(service: AtWork, run: Counted) -> str:
    """The run's figures and its crosswalk go through the doors into the service; the operator's answer."""
    for provider in DELIVERIES:
        service.accept(provider)
    run_id: str = service.post("oliver", f"/projects/{PROJECT}/linkage-runs").json()["run_id"]
    with service.worker("worker-linkage") as act:
        finish_run(act, run_id, figures=run.linked.figures, hand_over_sha256="c" * 64)
    sealed = io.BytesIO()
    run.doors.linkage.seal_crosswalk(run.linked, sealed, recipient_of("analysis"))
    sealed.seek(0)
    with service.worker("worker-analysis") as act:
        crosswalk_received(act, run_id, records=run.doors.analysis.receive_crosswalk(sealed, PROJECT))
    return service.get("oliver", f"/linkage-runs/{run_id}").text


def numbers(said: object) -> Iterator[float]:
    """Every number in a value, and in the JSON of every text in it."""
    if isinstance(said, str) and said.startswith("{"):
        said = json.loads(said)
    if isinstance(said, dict):
        said = list(said.values())
    if isinstance(said, list | tuple):
        for one in said:
            yield from numbers(one)
    elif isinstance(said, int | float):
        yield said


def stored(path: Path) -> set[float]:
    """Every number in the linkage runs and the log of a control database."""
    with closing(sqlite3.connect(path)) as database:
        rows = [database.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]
    return set(numbers(rows))


TABLES = ("linkage_run", "linkage_run_submission", "audit_entry", "workflow_status", "operation_outputs")


def test_no_exact_count_is_in_the_answer_the_run_or_the_log(service: AtWork, tmp_path: Path) -> None:
    run = counted(tmp_path, range(307), range(96, 497))
    assert (run.links, run.persons) == (211, 497)
    answer = reported(service, run)
    assert json.loads(answer)["figures"]["pairs"]["northern-trust:southern-trust"]["links"]["value"] == 213
    path = Path(str(service.here.sessions.kw["bind"].url.database))
    for place in (set(numbers(answer)), stored(path)):
        assert place & {213.0}
        assert not place & {run.links, run.persons, 307 - run.links, 401 - run.links}


def test_five_in_common_are_hidden(tmp_path: Path) -> None:
    run = counted(tmp_path, range(60), range(55, 155))
    assert run.links == 5
    assert run.figures == LinkageFigures(
        records_a=run.figures.records_a,
        records_b=run.figures.records_b,
        seconds=run.figures.seconds,
        quality=run.figures.quality,
    )
    assert run.figures.quality is not None
    assert '"value":null' in run.figures.quality.model_dump_json()
    assert not re.search(r'"value":[^n]', run.figures.quality.model_dump_json())


def test_one_person_more_in_common_changes_nothing_that_is_seen(tmp_path: Path) -> None:
    # People of whom one more in common ends no bin, of links, records or candidate pairs.
    one = counted(tmp_path / "one", range(4, 104), range(64, 164))
    two = counted(tmp_path / "two", range(4, 105), range(64, 164))
    assert (one.links, two.links) == (40, 41)
    apart = one.figures.model_dump(), two.figures.model_dump()
    # The threshold is no count: it is one pair's weight, told in steps of half a bit.
    weights = [figures.pop("match_weight_threshold")["value"] for figures in apart]
    assert abs(weights[0] - weights[1]) <= 0.5
    times = [figures.pop("seconds") for figures in apart]
    assert times[0].keys() == times[1].keys()
    assert apart[0] == apart[1]
