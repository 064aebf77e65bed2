"""Another at-rest key for a role of an installation at work: cut anywhere, it is finished when done again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.rotation import lost_keys
from service.audit.vocabulary import Action
from service.command_line import run
from service.jobs import Job
from service.linkage_runs.rules import RunState
from service.locks import only_one
from service.operate.doctor.findings import State
from service.operate.doctor.vaults import examine_vaults
from service.operate.main import app
from service.operate.rotation.at_rest import Entries, Rotated, rotate
from service.operate.rotation.key_files import KeyFiles, Rotation
from service.problems.tools import ServiceRunning, VaultUnusable
from service.releases.rules import ReleaseState
from tests.factories import PROJECT
from tests.integration.cast import CHECKERS
from tests.integration.conftest import At
from tests.integration.workshop import Workshop

ROLES = ("linkage", "analysis", "gate")


@dataclass
class Noted:
    """What a rotation enters, in order."""

    said: list[tuple[str, Rotation]] = field(default_factory=list)

    @property
    def entries(self) -> Entries:
        return Entries(
            lambda _, rotation: self.said.append(("begin", rotation)),
            lambda _, rotated: self.said.append(("finish", rotated.rotation)),
        )


def rotated(shop: Workshop, role: str, noted: Noted | None = None) -> Rotated:
    return rotate(shop.home, role, (noted or Noted()).entries, shop.random)


def tables_that_open(shop: Workshop, role: str) -> int:
    """How many tables of a role open under the key that is in place; none may fail."""
    vault = Vault(shop.home.vault(role), Keystore.from_file(KeyFiles(shop.home.keys(role)).key))
    names = vault.names(PROJECT)
    return len([vault.read(PROJECT, name) for name in names])


def test_the_work_goes_on_under_the_new_keys(at: At) -> None:
    shop = at("controlled")
    for role in ROLES:
        before = Keystore.from_file(KeyFiles(shop.home.keys(role)).key).fingerprint()
        found = rotated(shop, role)
        assert found.rotation.before == before != found.rotation.after
        assert found.lost == ()
        assert found.files >= tables_that_open(shop, role) > 0
    for checker in CHECKERS:
        shop.approve(checker, shop.ids["query"])
    done = len(shop.enqueued()) - 1
    shop.ask_for_run()
    shop.drain(done=done)
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
    [run_again] = [subject for job, subject in shop.enqueued()[-2:] if job is Job.LINK]
    assert shop.run(run_again).state is RunState.FINISHED


def test_the_old_key_opens_nothing_any_more(at: At) -> None:
    shop = at("finished")
    old = Keystore.from_file(KeyFiles(shop.home.keys("analysis")).key)
    found = rotated(shop, "analysis")
    assert len(lost_keys(shop.home.vault("analysis"), old)) == found.files
    assert not KeyFiles(shop.home.keys("analysis")).cut_short


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("role", ["analysis", "gate"])
def test_cut_at_any_step_everything_opens_and_again_finishes_it(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    shop = at("signed")
    home, copy = shop.home.root, tmp_path / "as-it-was"
    for folder in ("keys", "vault"):
        shutil.copytree(home / folder, copy / folder)
    whole, told = tables_that_open(shop, role), set[bool]()
    steps: list[str] = []
    for at_step in range(400):
        for folder in ("keys", "vault"):
            shutil.rmtree(home / folder)
            shutil.copytree(copy / folder, home / folder)
        steps.clear()
        noted = Noted()
        with monkeypatch.context() as patch:
            for name in ("replace", "fsync", "unlink", "link"):
                patch.setattr(os, name, cutting(getattr(os, name), at_step, steps))
            try:
                rotated(shop, role, noted)
                done = True
            except Cut:
                done = False
        assert tables_that_open(shop, role) == whole
        half = [each.says for each in examine_vaults(shop.home) if each.state is State.ILL]
        told.add(bool(half))
        assert all("was cut short" in each for each in half)
        first = list(noted.said)
        if not done:
            again = Noted()
            rotated(shop, role, again)
            assert tables_that_open(shop, role) == whole
            if half:  # what was begun is finished, and no other key is made
                assert [kind for kind, _ in again.said] == ["finish"]
                assert again.said[0][1] == first[0][1]
        assert [each for each in examine_vaults(shop.home) if each.state is State.ILL] == []
        if done:
            break
    assert done
    assert told == {True, False}


def cutting(real: Callable[..., object], at: int, steps: list[str]) -> Callable[..., object]:
    def step(*arguments: object, **named: object) -> object:
        steps.append(real.__name__)
        if len(steps) > at:
            raise Cut
        return real(*arguments, **named)

    return step


def test_a_role_that_works_keeps_its_key(at: At) -> None:
    shop = at("finished")
    before = KeyFiles(shop.home.keys("gate")).key.read_bytes()
    with only_one(shop.home.root / "status" / "gate"), pytest.raises(ServiceRunning):
        rotated(shop, "gate")
    assert KeyFiles(shop.home.keys("gate")).key.read_bytes() == before


def test_a_role_without_its_key_is_refused(at: At) -> None:
    shop = at("opened")
    KeyFiles(shop.home.keys("gate")).key.unlink()
    with pytest.raises(VaultUnusable):
        rotated(shop, "gate")


def test_doctor_names_a_half_finished_rotation_and_a_lost_table(at: At) -> None:
    shop = at("finished")
    assert [each.state for each in examine_vaults(shop.home)] == [State.WELL]
    files = KeyFiles(shop.home.keys("analysis"))
    Keystore.create(files.coming, shop.random)
    key = next(shop.home.vault("analysis").rglob("crosswalk.key"))
    key.unlink()
    said = {each.says: each.do for each in examine_vaults(shop.home)}
    assert (
        "tre-operate rotate HOME at-rest --role analysis"
        in said["a rotation of the at-rest key of analysis was cut short"]
    )
    assert said[f"analysis: nothing opens {PROJECT}/crosswalk"]
    files.key.unlink()
    assert [each.says for each in examine_vaults(shop.home)] == [
        "a rotation of the at-rest key of analysis was cut short"
    ]


def test_the_command_enters_both_fingerprints_and_names_what_is_lost(
    at: At, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = at("finished")
    home = str(shop.home.root)
    assert run(app, ["rotate", home, "at-rest"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == list(ROLES)
    entered = [each for each in shop.entries() if each.action is Action.KEY_ROTATE]
    assert [(each.detail["role"], each.detail["kind"]) for each in entered] == [
        (role, kind) for role in ROLES for kind in ("begin", "finish")
    ]
    for line, entry in zip(lines, entered[1::2], strict=True):
        assert f"key {entry.detail['replaces']} is now {entry.detail['key_id']}" in line
    next(shop.home.vault("analysis").rglob("crosswalk.key")).unlink()
    assert run(app, ["rotate", home, "at-rest", "--role", "analysis"]) == 1
    assert f"analysis: nothing opens {PROJECT}/crosswalk: its key is lost" in capsys.readouterr().out
    assert shop.entries()[-1].detail["lost"] == 1


def test_a_question_is_answered_after_the_keys_of_all_roles_were_rotated(at: At) -> None:
    shop = at("asked")
    for role in ROLES:
        rotated(shop, role)
    shop.do(Job.ANSWER, shop.ids["query"])
    shop.do(Job.CONTROL, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.AWAITING
