"""Another key pair for a role of an installation at work: nothing is sent again, wherever it is cut."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import ReleaseStatement
from service.audit.vocabulary import Action
from service.command_line import run
from service.jobs import Job
from service.keys import Pins, signing_key
from service.locks import only_one
from service.operate.doctor.exchanges import examine_exchanges, examine_lost_keys
from service.operate.doctor.findings import Finding, State
from service.operate.doctor.keys import examine_keys
from service.operate.main import app
from service.operate.rotation.exchange import Entries, Exchanged, exchange
from service.operate.rotation.key_files import Rotation
from service.operate.rotation.key_pairs import KEY_PAIRS
from service.operate.rotation.needed import needed
from service.problems.tools import KeyInUse, NoSuchKey, ServiceRunning, VaultUnusable
from service.releases.rules import ReleaseState
from service.signed import TextType, verified
from service.submissions.rules import PartState
from tests.factories import PROJECT
from tests.integration.cast import CHECKERS
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY, practice_files
from tests.integration.refusing import run_failed
from tests.integration.test_rotation_at_rest import Cut, cutting
from tests.integration.workshop import Workshop

EVERY = [(kind, role) for kind, pair in KEY_PAIRS.items() for role in pair.roles]


def exchanged(
    shop: Workshop, kind: str, role: str, said: list[tuple[str, Rotation]] | None = None
) -> Exchanged:
    noted = [] if said is None else said

    def waiting() -> tuple[str, ...]:
        with shop.sessions() as session:
            return needed(session, kind, role)

    entries = Entries(
        lambda rotation: noted.append(("begin", rotation)),
        lambda rotation: noted.append(("finish", rotation)),
    )
    return exchange(shop.home, kind, role, entries, shop.random, waiting=waiting)


def findings(shop: Workshop) -> list[Finding]:
    with shop.sessions() as session:
        lost = list(examine_lost_keys(session, shop.home, pinned(shop)))
    return [*examine_exchanges(shop.home), *lost]


def pinned(shop: Workshop) -> Pins:
    return Pins.read(shop.home.pins)


def test_every_key_is_exchanged_and_the_work_goes_on(at: At) -> None:
    shop = at("controlled")
    before = pinned(shop)
    for kind, role in EVERY:
        pair = KEY_PAIRS[kind]
        done = exchanged(shop, kind, role)
        assert done.waiting == ()
        assert done.rotation.before != done.rotation.after == pair.of(pair.files(shop.home, role).key)
        assert not pair.files(shop.home, role).cut_short
    assert findings(shop) == []
    assert not [each for each in examine_keys(shop.home) if each.state is State.ILL]
    after = pinned(shop)
    assert after.retired_release_keys == (before.release_key,)
    assert after.linkage.certifying_keys == (after.linkage.hand_over_key, before.linkage.hand_over_key)
    for checker in CHECKERS:
        shop.approve(checker, shop.ids["query"])
    done_jobs = len(shop.enqueued()) - 1
    # A new delivery is sealed to the new keys.
    folder = shop.home.root / "desks" / "again"
    shop.receive(shop.desk(PRACTICES).deliver(folder, practice_files, counter=2))
    shop.drain(done=done_jobs)
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
    run_again = shop.ask_for_run()
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, run_again)
    assert shop.run(run_again).state.value == "finished"


def test_what_was_released_before_is_believed_by_the_key_of_then(at: At) -> None:
    shop = at("signed")
    statement = str(shop.release(shop.ids["query"]).statement)
    exchanged(shop, "release", "gate")
    pins = pinned(shop)
    assert pins.release_key == signing_key(shop.home.keys("gate") / "release.jwk").public
    assert verified(statement, pins.release_keys, TextType.RELEASE, ReleaseStatement).project_id == PROJECT


def test_a_delivery_on_its_way_is_opened_with_the_key_that_it_was_sealed_to(at: At) -> None:
    shop = at("received")
    for role in ("linkage", "analysis"):
        said: list[tuple[str, Rotation]] = []
        done = exchanged(shop, "unsealing", role, said)
        assert done.waiting == tuple(
            f"delivery {shop.ids[provider]} of {provider}" for provider in sorted((REGISTRY, PRACTICES))
        )
        assert [step for step, _ in said] == ["begin"]
        assert [each.state for each in findings(shop) if role in each.says] == [State.WATCH]
    shop.drain()
    assert shop.submission(shop.ids[REGISTRY]).state.value == "accepted"
    for role in ("linkage", "analysis"):
        before = KEY_PAIRS["unsealing"].files(shop.home, role).key.read_bytes()
        said = []
        assert exchanged(shop, "unsealing", role, said).waiting == ()
        assert [step for step, _ in said] == ["finish"]
        assert KEY_PAIRS["unsealing"].files(shop.home, role).key.read_bytes() == before
    assert findings(shop) == []


def test_a_crosswalk_on_its_way_keeps_the_keys_that_it_was_made_with(at: At) -> None:
    shop = at("linked")
    with pytest.raises(KeyInUse):
        exchanged(shop, "hand-over", "linkage")
    assert exchanged(shop, "unsealing", "analysis").waiting == (f"linkage run {shop.ids['run']}",)
    shop.do(Job.RECEIVE_CROSSWALK, shop.ids["run"])
    assert shop.run(shop.ids["run"]).state.value == "finished"
    assert exchanged(shop, "hand-over", "linkage").waiting == ()


def test_an_answer_on_its_way_keeps_the_keys_that_it_was_made_with(at: At) -> None:
    shop = at("answered")
    with pytest.raises(KeyInUse):
        exchanged(shop, "hand-over", "analysis")
    assert exchanged(shop, "unsealing", "gate").waiting == (f"question {shop.ids['query']}",)
    shop.do(Job.CONTROL, shop.ids["query"])
    assert shop.query(shop.ids["query"]).state.value == "controlled"


def test_a_hand_over_signed_with_the_key_of_before_is_not_believed(at: At) -> None:
    shop = at("linked")
    shop.change("UPDATE linkage_run SET state = 'asked' WHERE id = :id", id=shop.ids["run"])
    exchanged(shop, "hand-over", "linkage")
    shop.change("UPDATE linkage_run SET state = 'linked' WHERE id = :id", id=shop.ids["run"])
    shop.do(Job.RECEIVE_CROSSWALK, shop.ids["run"])
    run_failed(shop, RefusalCode.SIGNATURE_INVALID)


def test_a_lost_key_names_what_has_to_be_sent_again_and_is_replaced(at: At) -> None:
    shop = at("received")
    files = KEY_PAIRS["unsealing"].files(shop.home, "linkage")
    files.key.unlink()
    named = {each.says: each.do for each in findings(shop)}
    assert set(named) == {
        f"delivery {shop.ids[provider]} of {provider} is sealed to a key that linkage does not have"
        for provider in (REGISTRY, PRACTICES)
    }
    [missing] = [each for each in examine_keys(shop.home) if "identity.age is missing" in each.says]
    assert missing.do.endswith("tre-operate rotate HOME unsealing --role linkage")
    before = pinned(shop)
    done = exchanged(shop, "unsealing", "linkage")
    assert done.rotation.before == KEY_PAIRS["unsealing"].pinned(before, "linkage")
    assert (done.waiting, findings(shop)) == ((), [])
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part = shop.part(shop.ids[REGISTRY], "identifiers")
    assert (part.state, part.code) == (PartState.REJECTED, RefusalCode.SEALED_TO_ANOTHER_KEY.value)


def test_a_lost_token_key_is_replaced_though_nothing_is_pinned_of_it(at: At) -> None:
    shop = at("opened")
    (shop.home.keys("api") / "token.jwk").unlink()
    assert exchanged(shop, "token", "api").rotation.before == "not-pinned"


@pytest.mark.parametrize(("kind", "role"), [("unsealing", "analysis"), ("release", "gate")])
def test_cut_at_any_step_a_key_is_there_and_again_finishes_it(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, role: str
) -> None:
    shop = at("signed")
    home, copy, files = shop.home, tmp_path / "as-it-was", KEY_PAIRS[kind].files(shop.home, role)
    shutil.copytree(home.root / "keys", copy / "keys")
    shutil.copy(home.pins, copy / "pins.json")
    steps: list[str] = []
    told = set[bool]()
    for at_step in range(100):
        shutil.rmtree(home.root / "keys")
        shutil.copytree(copy / "keys", home.root / "keys")
        shutil.copy(copy / "pins.json", home.pins)
        steps.clear()
        first: list[tuple[str, Rotation]] = []
        with monkeypatch.context() as patch:
            for name in ("replace", "fsync", "unlink", "link"):
                patch.setattr(os, name, cutting(getattr(os, name), at_step, steps))
            try:
                exchanged(shop, kind, role, first)
                done = True
            except Cut:
                done = False
        half = bool(list(examine_exchanges(home)))
        told.add(half)
        assert KEY_PAIRS[kind].of(files.key)
        if not done:
            again: list[tuple[str, Rotation]] = []
            exchanged(shop, kind, role, again)
            if half:  # what was begun is finished, and no other key is made
                assert [step for step, _ in again] == ["finish"]
                assert again[0][1].after == first[0][1].after
        assert list(examine_exchanges(home)) == []
        assert KEY_PAIRS[kind].pinned(pinned(shop), role) == KEY_PAIRS[kind].of(files.key)
        if done:
            break
    assert done
    assert told == {True, False}


@pytest.mark.parametrize("worker", ["linkage", "log"])
def test_nothing_is_exchanged_while_a_worker_runs(at: At, worker: str) -> None:
    shop = at("opened")
    before = shop.home.pins.read_bytes()
    with only_one(shop.home.root / "status" / worker), pytest.raises(ServiceRunning):
        exchanged(shop, "release", "gate")
    assert shop.home.pins.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(at: At) -> None:
    shop = at("opened")
    shop.home.pins.unlink()
    with pytest.raises(VaultUnusable):
        exchanged(shop, "release", "gate")


def test_the_command_enters_both_fingerprints_and_says_what_waits(
    at: At, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = at("received")
    home = str(shop.home.root)
    assert run(app, ["rotate", home, "token"]) == 0
    assert run(app, ["rotate", home, "unsealing", "--role", "linkage"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("the old one is gone")
    assert lines[1].endswith("the old one is kept")
    assert f"linkage: kept for delivery {shop.ids[REGISTRY]} of {REGISTRY}" in lines[2]
    entered = [each for each in shop.entries() if each.action is Action.KEY_ROTATE]
    assert [(each.subject, each.detail["role"], each.detail["kind"]) for each in entered] == [
        ("token", "api", "begin"),
        ("token", "api", "finish"),
        ("unsealing", "linkage", "begin"),
    ]
    assert f"{entered[2].detail['replaces']} is now {entered[2].detail['key_id']}" in lines[1]


def test_a_process_without_such_a_key_is_named(at: At, capsys: pytest.CaptureFixture[str]) -> None:
    shop = at("opened")
    assert run(app, ["rotate", str(shop.home.root), "release", "--role", "linkage"]) != 0
    assert NoSuchKey.title in capsys.readouterr().err
