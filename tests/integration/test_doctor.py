"""An installation is looked over: what is well, what is planted in it, and what to do about each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

import migrations
from service.command_line import run
from service.database import engine_for, sessions
from service.jobs import Job, WorkerRole
from service.keys import write_private
from service.operate.doctor import machine
from service.operate.doctor.examine import examine
from service.operate.doctor.findings import Finding, State, as_json, as_lines, ill, watch, well, worst
from service.operate.doctor.machine import is_synchronised
from service.operate.folders import PROCESSES
from service.operate.installation import environment
from service.operate.main import app
from service.sandbox.status import write_status
from service.settings import LogSettings, settings_for
from service.signed import SigningKey
from service.worker.log_role import log_signer, one_round
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.refusing import STRANGER, put_permit
from tests.integration.test_destructions import withdrawn as taken_back
from tests.integration.test_withdrawals import withdrawn
from tests.integration.workshop import Workshop


def looked_over(shop: Workshop, *, synchronised: bool = True) -> dict[tuple[str, State], list[Finding]]:
    found: dict[tuple[str, State], list[Finding]] = {}
    for each in examine(shop.home, lambda: shop.sessions, shop.clock(), synchronised=lambda: synchronised):
        found.setdefault((each.area, each.state), []).append(each)
    return found


def ills(shop: Workshop) -> list[str]:
    return [
        each.says for (_, state), found in looked_over(shop).items() for each in found if state is State.ILL
    ]


def up_and_well(shop: Workshop) -> None:
    """Every process has told of itself, and the log has caught up."""
    for process in PROCESSES:
        write_status(shop.home.root / "status", process, isolation="full", opened=[], clock=shop.clock)
    shop.do(Job.HEARTBEAT, "1")
    settings = settings_for(LogSettings, environment(shop.home, "log"))
    one_round(settings, shop.surroundings(WorkerRole.LOG), log_signer(settings))


@pytest.fixture
def shop(at: At) -> Workshop:
    """An installation in the middle of its work, with nothing wrong."""
    made = at("signed")
    up_and_well(made)
    assert ills(made) == []
    return made


def test_what_is_well_is_said_and_what_a_site_should_know_is_watched(shop: Workshop) -> None:
    found = looked_over(shop)
    for area in (
        "keys",
        "rights",
        "clock",
        "disk",
        "isolation",
        "versions",
        "database",
        "log",
        "permits",
        "work",
    ):
        assert found[area, State.WELL], area
    watched = [each.says for (_, state), each_of in found.items() for each in each_of if state is State.WATCH]
    assert any("governance key lies beside" in says for says in watched)
    assert any("one SQLite file" in says for says in watched)
    assert looked_over(shop, synchronised=False)["clock", State.WATCH]


# --- planted faults, each with what is to be said of it

Plant = Callable[[Workshop], object]


def replaced(path: Path, text: str) -> None:
    path.unlink()
    write_private(path, text)


def emptied(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


def silent(shop: Workshop) -> None:
    shop.clock.forward(seconds=40)
    for process in PROCESSES[2:]:
        write_status(shop.home.root / "status", process, isolation="full", opened=[], clock=shop.clock)


def waiting(shop: Workshop) -> None:
    shop.ask_for_run()
    shop.clock.forward(hours=3)
    up_and_well(shop)


def taken_back_long_ago(shop: Workshop) -> None:
    taken_back(shop)
    shop.clock.forward(hours=3)
    up_and_well(shop)


def left_waiting(shop: Workshop) -> None:
    withdrawn(shop)
    shop.clock.forward(minutes=20)
    up_alone(shop)


def taken_away(shop: Workshop) -> None:
    """Somebody with the file in hand drops what guards the tables, and then the last leaf."""
    for row in shop.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        shop.change(f"DROP TRIGGER {row[0]}")
    shop.change("DELETE FROM audit_leaf WHERE leaf_index = (SELECT max(leaf_index) FROM audit_leaf)")


def another_checkpoint(shop: Workshop) -> None:
    for row in shop.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        shop.change(f"DROP TRIGGER {row[0]}")
    shop.change("UPDATE audit_checkpoint SET note = 'forged'")


FAULTS: dict[str, tuple[Plant, str]] = {
    "a key is missing": (
        lambda s: emptied(s.home.keys("log")),
        "keys/log/log.key is missing",
    ),
    "a key can be read by others": (
        lambda s: (s.home.keys("gate") / "release.jwk").chmod(0o440),
        "keys/gate/release.jwk is readable by others than its process",
    ),
    "a key is another one": (
        lambda s: replaced(s.home.keys("gate") / "release.jwk", SigningKey.generate().to_jwk()),
        "keys/gate/release.jwk is not the key that pins.json names",
    ),
    "a key is no key": (
        lambda s: replaced(s.home.keys("linkage") / "identity.age", "AGE-SECRET-KEY-CANARY"),
        "keys/linkage/identity.age cannot be read as a key",
    ),
    "an at-rest key is cut short": (
        lambda s: replaced(s.home.keys("analysis") / "at-rest.key", "short"),
        "keys/analysis/at-rest.key cannot be read as a key",
    ),
    "governance's key is another one": (
        lambda s: replaced(s.home.governance_key, SigningKey.generate().to_jwk()),
        "governance/governance.jwk is not the pinned governance key",
    ),
    "governance's key is no key": (
        lambda s: replaced(s.home.governance_key, "{}"),
        "governance/governance.jwk is not the pinned governance key",
    ),
    "the pins are no pins": (lambda s: s.home.pins.write_text("{}"), "pins.json cannot be read"),
    "the installation is none": (lambda s: s.home.file.write_text("{}"), "installation.json cannot be read"),
    "a vault is open": (
        lambda s: s.home.vault("gate").chmod(0o755),
        "vault/gate has other rights than at set-up",
    ),
    "a shared folder is gone": (
        lambda s: (s.home.root / "spool" / "hand-overs").rename(s.home.root / "elsewhere"),
        "spool/hand-overs has other rights than at set-up",
    ),
    "a process has never started": (
        lambda s: (s.home.root / "status" / "gate" / "status.json").rename(s.home.root / "gate.json"),
        "gate has not said that it runs",
    ),
    "a worker has stopped": (silent, "linkage was last heard of 40 seconds ago"),
    "nothing runs": (
        lambda s: emptied(s.home.root / "status"),
        "the service is not running",
    ),
    "the clock was ahead": (
        lambda s: s.clock.forward(hours=-1),
        "the log has entries from later than it is now",
    ),
    "tables are of an earlier version": (
        lambda s: migrations.downgrade(s.home.database_url, "0005"),
        "its tables are of another version than this code",
    ),
    "the permit was changed in the database": (
        lambda s: put_permit(s, s.permit_text(STRANGER)),
        f"{PROJECT}: its permit was not signed by governance",
    ),
    "another project's permit": (
        lambda s: put_permit(s, s.permit_text(project_id="another-project")),
        f"{PROJECT}: its permit was not signed by governance",
    ),
    "a run waits": (waiting, "asked for more than two hours ago and not done: 1 linkage runs"),
    "a withdrawal was refused": (
        lambda s: s.fail(Job.WITHDRAW_FROM_ANALYSIS, withdrawn(s)),
        "1 withdrawals were refused by a worker",
    ),
    "a delivery could not be destroyed": (
        lambda s: s.fail(Job.SHRED_PAYLOAD, taken_back(s)),
        "1 withdrawn deliveries or closed projects could not be destroyed",
    ),
    "a delivery waits to be destroyed": (
        taken_back_long_ago,
        "asked for more than two hours ago and not done: 1 destructions",
    ),
    "entries wait for the tree": (
        left_waiting,
        "entries wait for the tree",
    ),
    "leaves were taken away": (taken_away, "the tree is smaller than the log has signed"),
    "a checkpoint is somebody else's": (
        another_checkpoint,
        "the last checkpoint is not signed by the pinned key",
    ),
}


def up_alone(shop: Workshop) -> None:
    """Workers tell of themselves, and the log worker does nothing."""
    for process in PROCESSES:
        write_status(shop.home.root / "status", process, isolation="full", opened=[], clock=shop.clock)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_and_something_can_be_done(shop: Workshop, fault: str) -> None:
    plant, says = FAULTS[fault]
    plant(shop)
    found = [each for each_of in looked_over(shop).values() for each in each_of if each.state is State.ILL]
    assert [each.do for each in found if says in each.says], [each.says for each in found]
    assert "CANARY" not in "".join(as_lines(found))


def test_a_database_that_cannot_be_read_is_named_without_its_message(shop: Workshop) -> None:
    for path in (shop.home.root / "control").iterdir():
        path.unlink()
    (shop.home.root / "control" / "control.db").write_bytes(b"CANARY" * 1000)
    with elsewhere(shop) as made:
        found = list(examine(shop.home, lambda: made, shop.clock(), synchronised=lambda: True))
    assert "the control database cannot be read" in [each.says for each in found if each.state is State.ILL]


@contextmanager
def elsewhere(shop: Workshop) -> Iterator[sessionmaker[Session]]:
    made = sessions(engine_for(shop.home.database_url))
    yield made
    made.kw["bind"].dispose()


def test_a_damaged_database_is_named(shop: Workshop) -> None:
    shop.change("PRAGMA wal_checkpoint(TRUNCATE)")
    path = shop.home.root / "control" / "control.db"
    data = bytearray(path.read_bytes())
    with elsewhere(shop) as made, made() as session:
        page = int(session.scalar(sa.text("SELECT rootpage FROM sqlite_master WHERE name = 'audit_entry'")))
        size = int(session.scalar(sa.text("PRAGMA page_size")))
    data[(page - 1) * size : (page - 1) * size + 100] = b"\xff" * 100
    path.write_bytes(data)
    with elsewhere(shop) as made:
        found = list(examine(shop.home, lambda: made, shop.clock(), synchronised=lambda: True))
    assert [each for each in found if each.area == "database" and each.state is State.ILL]


@pytest.mark.parametrize(
    ("days", "state"), [(90, State.WELL), (60, State.WATCH), (7, State.WATCH), (-1, State.WATCH)]
)
def test_permits_are_warned_of_before_they_end(shop: Workshop, days: int, state: State) -> None:
    put_permit(shop, shop.permit_text(valid_to=shop.clock().date() + timedelta(days=days)))
    assert looked_over(shop)["permits", state]


def test_before_a_project_is_opened_there_is_no_permit_to_warn_of(shop: Workshop) -> None:
    shop.change("PRAGMA foreign_keys = OFF")
    shop.change("DELETE FROM project")
    [finding] = looked_over(shop)["permits", State.WELL]
    assert finding.says == "no project has been opened"


def test_no_heartbeat_is_watched(shop: Workshop) -> None:
    shop.clock.forward(hours=2, minutes=1)
    up_alone(shop)
    assert [each.says for each in looked_over(shop)["log", State.WATCH]] == ["no heartbeat for two hours"]


def test_a_worker_that_is_not_closed_in_is_watched(shop: Workshop) -> None:
    write_status(shop.home.root / "status", "gate", isolation="reduced", opened=["network"], clock=shop.clock)
    [finding] = looked_over(shop)["isolation", State.WATCH]
    assert "gate is not fully closed in; open: network" in finding.says


def test_how_a_site_was_set_up_is_said(shop: Workshop) -> None:
    installation = shop.home.read()
    site = installation.model_copy(update={"host": "0.0.0.0", "database_url": None})
    shop.home.file.write_text(site.to_json())
    assert any("beyond this machine" in each.says for each in looked_over(shop)["settings", State.WATCH])
    best = installation.model_copy(update={"separate_users": True, "database_url": "postgresql+psycopg://"})
    shop.home.file.write_text(best.to_json())
    assert "one role of the database" in next(machine.examine_settings(shop.home)).says
    shop.home.file.write_text(best.model_copy(update={"database_roles": True}).to_json())
    assert next(machine.examine_settings(shop.home)).state is State.WELL


@pytest.mark.parametrize(
    ("free", "state"), [(1 << 30, State.ILL), (5 << 30, State.WATCH), (60 << 30, State.WELL)]
)
def test_a_full_disk_is_told_in_time(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    usage = type(shutil.disk_usage("/"))(100 << 30, (100 << 30) - free, free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert looked_over(shop)["disk", state]


def test_without_governances_key_on_the_machine_there_is_nothing_to_watch(shop: Workshop) -> None:
    shop.home.governance_key.unlink()
    assert ("keys", State.WATCH) not in looked_over(shop)


@pytest.mark.skipif(os.name != "posix", reason="asks the kernel")
def test_the_kernel_answers_about_the_clock() -> None:
    assert is_synchronised() in {True, False}


# --- what is printed

SAID = [well("disk", "fine"), watch("clock", "odd", "look"), ill("keys", "gone", "restore")]


def test_lines_and_json_say_the_same() -> None:
    assert as_lines(SAID) == [
        "well   disk: fine",
        "watch  clock: odd",
        "       do: look",
        "ill    keys: gone",
        "       do: restore",
    ]
    assert as_json(SAID)[2] == {"area": "keys", "state": "ill", "says": "gone", "do": "restore"}
    assert [worst(SAID[:n]) for n in range(4)] == [State.WELL, State.WELL, State.WATCH, State.ILL]


def test_an_installation_from_before_sign_ins_by_browser_works_and_is_told_how_to_have_them(
    shop: Workshop,
) -> None:
    shop.home.people_key.unlink()
    found = looked_over(shop)
    (said,) = [each for each in found["keys", State.WATCH] if "people.key" in each.says]
    assert said.says == "keys/api/people.key is missing: nobody can enrol or sign in by browser"
    assert "tre-operate people-key HOME" in said.do
    assert ills(shop) == []


def test_a_finding_says_what_to_do_exactly_where_something_is_to_be_done() -> None:
    for state, do in ((State.WELL, "nothing"), (State.ILL, "")):
        with pytest.raises(ValueError, match="needs something to do"):
            Finding("keys", state, "gone", do)


def test_the_command_prints_enters_and_ends_with_one_where_something_is_ill(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    # The clock of the machine is long after that of the story: the log has been silent, nothing is running.
    assert run(app, ["doctor", str(shop.home.root), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {each["area"] for each in told} >= {"keys", "database", "permits", "process"}
    last = shop.entries()[-1]
    assert (last.action.value, last.actor) == ("installation:examine", "operator")
    assert last.detail["ill"] == sum(each["state"] == "ill" for each in told) > 0
    (shop.home.keys("log") / "log.key").unlink()
    assert run(app, ["doctor", str(shop.home.root)]) == 1
    assert "ill    keys: keys/log/log.key is missing" in capsys.readouterr().out


def test_what_cannot_be_entered_is_printed_all_the_same(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.home.pins.write_text("{}")
    assert run(app, ["doctor", str(shop.home.root)]) == 1
    assert "pins.json cannot be read" in capsys.readouterr().out
