"""No value of a record is found outside its place after a life with refusals; planted leaks are all found."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.laboratory.demo.cast import PROJECT, cast
from service.logs import logger
from service.operate.folders import PROCESSES
from service.problems.requests import NotFound
from tests.attacks.canary.life import KILLED, Life, keep_answer, keep_process, refused_acts, vault_of
from tests.attacks.canary.marks import STEM, Kind
from tests.attacks.canary.search import Found, Needles, search

pytestmark = pytest.mark.process

FILES = tuple(f"providers/*/{name}.csv" for name in ("tumours", "deaths", "surveys", "patients"))
"""A provider's own extracts, the wrong ones among them: `*` crosses folders."""
KEY_FILE = "providers/*/person-keys.csv"
"""What `tre-provider seal --keep-person-keys` leaves with the provider, on request."""
ALLOWED: Mapping[Kind, tuple[str, ...]] = {
    Kind.IDENTIFIER: FILES,
    Kind.LOCAL_ID: (*FILES, KEY_FILE),
    Kind.EVENT: FILES,
    Kind.OUT_OF_LIST: FILES,
    Kind.STEM: (*FILES, KEY_FILE),
    Kind.PERSON_KEY: (KEY_FILE,),
    Kind.LINK_ID: (),
    Kind.LINKAGE_SECRET: ("people/*/secrets/*/epoch-1.secret",),
    Kind.HOSTILE: (),
    Kind.REQUEST: (),
}
"""Where what may be. Everything else that the run wrote, printed, answered or kept is closed to all kinds."""


@pytest.fixture(scope="session")
def needles(life: Life) -> Needles:
    return Needles(life.marks.kinds)


@pytest.fixture(scope="session")
def found(life: Life, needles: Needles) -> Found:
    return search(life.demo.out, needles)


def leaks(life: Life, found: Found) -> dict[str, set[str]]:
    """For each place the kinds of what is there and may not be."""
    outside: dict[str, set[str]] = {}
    for place, texts in found.items():
        for text in texts:
            kinds = life.marks.kinds[text]
            if not any(fnmatchcase(place, pattern) for kind in kinds for pattern in ALLOWED[kind]):
                outside.setdefault(place, set()).update(kinds)
    return outside


def test_nothing_of_a_record_is_outside_its_place(life: Life, found: Found) -> None:
    assert leaks(life, found) == {}


def test_every_kind_has_a_place_in_the_table() -> None:
    assert set(ALLOWED) == set(Kind)


# --- the run was what it claims to be


def test_every_mark_in_free_form_is_found_where_it_may_be(life: Life, found: Found) -> None:
    present = set().union(*found.values())
    planted = {Kind.IDENTIFIER, Kind.LOCAL_ID, Kind.EVENT, Kind.OUT_OF_LIST}
    expected = {text for text, kinds in life.marks.kinds.items() if STEM in text and kinds & planted}
    assert len(expected) > 2000
    assert expected <= present


def test_the_marks_travelled_inside(life: Life) -> None:
    vault = vault_of(life.demo.home, "analysis")
    folder = life.demo.home / "vault" / "analysis" / PROJECT
    inside: set[str] = set()
    for path in folder.rglob("*.parquet"):
        table = vault.read(PROJECT, str(path.relative_to(folder).with_suffix("")))
        inside |= {str(value) for name in table.column_names for value in table[name].to_pylist()}
    known = [text for text in inside if life.marks.kinds.get(text, set()) & {Kind.EVENT, Kind.LINK_ID}]
    assert len(known) > 1000
    assert "U98XQ" in inside


def test_every_crafted_delivery_was_refused_for_its_own_reason(life: Life) -> None:
    assert life.refusals == {
        "values that no list has": [RefusalCode.ROWS_INVALID],
        "numbers where text stands": [RefusalCode.COLUMNS_DIFFER],
        "text that is not UTF-8": [RefusalCode.UNFORESEEN],
        "person keys of its own": [RefusalCode.PERSON_KEYS_INVALID],
        "names instead of tokens": [RefusalCode.COLUMNS_DIFFER],
        "a damaged age file": [RefusalCode.SEALED_FILE_DAMAGED],
        "an age file cut short": [RefusalCode.SEALED_FILE_DAMAGED],
        "no Parquet": [RefusalCode.PART_NOT_PARQUET],
        "spoilt pages": [RefusalCode.PART_NOT_PARQUET],
    }


def test_a_worker_was_killed_and_came_back(life: Life) -> None:
    assert f"{KILLED}: ended, exit code -9" in life.notices
    ended = [line for line in life.notices.splitlines() if "ended" in line and not line.endswith(" code 0")]
    assert ended[0].startswith(KILLED)
    assert life.notices.count(f"{KILLED}: started") == 2


def test_requests_were_refused_in_every_way(life: Life) -> None:
    assert life.statuses >= {200, 400, 401, 403, 404, 422}
    assert set(refused_acts(life)) >= {"part:reject", "request:refuse"}
    assert len(list((life.seen / "http").iterdir())) > 2 * 10 * len(cast(life.demo.providers))


def test_processes_and_the_database_at_work_were_looked_at(life: Life) -> None:
    seen = {path.name for path in (life.seen / "control-while-up").iterdir()}
    assert seen >= {"control.db", "control.db-wal", "whole.db"}
    with closing(sqlite3.connect(life.seen / "control-while-up" / "whole.db")) as whole:
        assert whole.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for process in PROCESSES:
        environment = life.seen / "processes" / process / "environ"
        assert b"TRE_SPOOL=" in environment.read_bytes() if os.geteuid() == 0 else environment.parent.exists()


def test_the_log_has_its_heartbeat(life: Life) -> None:
    with closing(sqlite3.connect(life.demo.home / "control" / "control.db")) as connection:
        beats = connection.execute("SELECT count(*) FROM audit_entry WHERE action = 'log:heartbeat'")
        assert beats.fetchone()[0] >= 1


# --- planted leaks: the test can fail


def _of(life: Life, kind: Kind) -> Iterator[str]:
    return (text for text, kinds in life.marks.kinds.items() if kinds == {kind})


def _mark(life: Life, kind: Kind) -> str:
    return next(text for text in _of(life, kind) if STEM in text)


def _into_a_log_line(out: Path, life: Life) -> str:
    place = "home/logs/analysis.log"
    with (out / place).open("a") as file:
        logger("worker-analysis", file=file).error("job_failed", fault=_mark(life, Kind.HOSTILE))
    return place


def _into_a_problem_body(out: Path, life: Life) -> str:
    problem = NotFound(faults=[{"pointer": _mark(life, Kind.REQUEST), "code": "missing"}])
    keep_answer(out / "seen" / "http" / "planted", httpx.Response(404, json=problem.as_json()))
    return "seen/http/planted.body"


def _into_the_control_database(out: Path, life: Life) -> str:
    place = "home/control/control.db"
    with closing(sqlite3.connect(out / place)) as connection:
        connection.execute(
            "UPDATE submission_part SET counts = ?", (f'{{"{_mark(life, Kind.LOCAL_ID)}": 1}}',)
        )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return place


def _into_a_released_file(out: Path, life: Life) -> str:
    with (out / "release" / "prevalence" / "table.csv").open("a") as file:
        nhs = next(text for text in _of(life, Kind.IDENTIFIER) if text.isdigit())
        file.write(f"Breast,Female,{nhs}\n")
    return "release/prevalence/table.csv"


def _into_a_file_name(out: Path, life: Life) -> str:
    name = base64.urlsafe_b64encode(f"x{_mark(life, Kind.IDENTIFIER)}".encode()).decode()
    (out / "home" / "spool" / "evidence" / name).touch()
    return f"home/spool/evidence/{name}"


def _into_a_clear_table_of_the_vault(out: Path, life: Life) -> str:
    place = f"home/vault/analysis/{PROJECT}/planted.parquet"
    pq.write_table(
        pa.table({"person_key": [next(_of(life, Kind.PERSON_KEY))]}), out / place, compression="none"
    )
    return place


def _into_a_packed_table_of_the_vault(out: Path, life: Life) -> str:
    place = f"home/vault/linkage/{PROJECT}/planted.parquet"
    pq.write_table(pa.table({"link_id": list(_of(life, Kind.LINK_ID))}), out / place, compression="zstd")
    return place


def _into_an_answer_in_base64(out: Path, life: Life) -> str:
    secret = bytes.fromhex(next(_of(life, Kind.LINKAGE_SECRET)))
    shown = httpx.Response(200, json={"envelope": base64.b64encode(b"x" + secret).decode()})
    keep_answer(out / "seen" / "http" / "planted-secret", shown)
    return "seen/http/planted-secret.body"


def _into_an_environment(out: Path, life: Life) -> str:
    surname = _mark(life, Kind.OUT_OF_LIST)
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(
        command, env={"TRE_NOTE": surname}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        keep_process(out / "seen" / "processes" / "planted", process.pid)
        process.stdin.close()
    return "seen/processes/planted/environ"


PLANTS: tuple[Callable[[Path, Life], str], ...] = (
    _into_a_log_line,
    _into_a_problem_body,
    _into_the_control_database,
    _into_a_released_file,
    _into_a_file_name,
    _into_a_clear_table_of_the_vault,
    _into_a_packed_table_of_the_vault,
    _into_an_answer_in_base64,
    _into_an_environment,
)


def test_every_planted_leak_is_found_and_nothing_else(life: Life, needles: Needles, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(life.demo.out, copy)
    planted = {plant(copy, life) for plant in PLANTS}
    assert set(leaks(life, search(copy, needles))) == planted
