"""An installation that is backed up and restored: what was destroyed or revoked since does not come back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from service.access.actions import register_client_key, revoke_client_key, revoke_principal
from service.access.records import Principal, RegisteredClientKey
from service.audit.export import write_bundle
from service.audit.log import is_in_tree
from service.audit.records import last_checkpoint
from service.audit.vocabulary import Action
from service.command_line import run
from service.destructions.repetition import FILE
from service.jobs import Job, WorkerRole
from service.locks import only_one
from service.operate.backups.copying import copy_folder
from service.operate.backups.description import NAME, Backup, Places
from service.operate.backups.restore import Known, restore
from service.operate.backups.take import back_up
from service.operate.doctor.findings import State
from service.operate.doctor.vaults import examine_vaults
from service.operate.installation import Home, environment
from service.operate.main import app
from service.problems.backups import (
    BackupBehindLog,
    BackupDamaged,
    BackupKeysDiffer,
    BackupNeedsSqlite,
    BackupNotMade,
    CheckpointRefused,
    FolderThere,
    LogBundleRefused,
    NewestCheckpointUnsaid,
)
from service.problems.results import NothingToLink
from service.problems.tools import ServiceRunning
from service.projects.actions import amend_project
from service.public_keys import client_key
from service.releases.forgotten import FILE as FORGOTTEN
from service.releases.forgotten import Forgotten
from service.releases.rules import ReleaseState
from service.settings import LogSettings, settings_for
from service.submissions.spool import kept_path
from service.worker.log_role import log_signer, one_round
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY
from tests.integration.refusing import release_failed
from tests.integration.stages import Stages, reopened
from tests.integration.test_destructions import (
    OF_PROJECT,
    closed,
    destroyed,
    everything_of,
    vault_of,
    withdrawn,
)
from tests.integration.workshop import Workshop

INSIDE = (WorkerRole.LINKAGE, WorkerRole.ANALYSIS, WorkerRole.GATE)


@dataclass
class Desk:
    """Where an operator keeps backups, and what reviewers kept of the log."""

    folder: Path
    stages: Stages
    stack: ExitStack

    @property
    def places(self) -> Places:
        return Places(self.folder / "data", self.folder / "keys")

    @property
    def again(self) -> Home:
        """Where backups are restored."""
        return Home(self.folder / "again")

    @property
    def bundle(self) -> Path:
        return self.folder / "log.zip"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint"

    def back_up(self, shop: Workshop) -> Backup:
        return back_up(shop.home, self.places, lambda _: None, clock=shop.clock, random=shop.random)

    def keep_log(self, shop: Workshop) -> None:
        """The log worker's round, and a reviewer's export after it."""
        settings = settings_for(LogSettings, log_environment(shop))
        signer = log_signer(settings)
        one_round(settings, shop.surroundings(WorkerRole.LOG), signer)
        with shop.sessions() as session, self.bundle.open("wb") as target:
            write_bundle(session, target, key=signer.key, release_keys=[])
            standing = last_checkpoint(session)
        assert standing is not None
        self.checkpoint.write_text(standing.note)

    def reopened(self, shop: Workshop) -> Workshop:
        return self.stack.enter_context(reopened(self.again, shop.cast, shop.ids))


def log_environment(shop: Workshop) -> dict[str, str]:
    return dict(environment(shop.home, "log"))


@pytest.fixture
def desk(tmp_path: Path, stages: Stages) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(tmp_path, stages, stack)


def start(shop: Workshop) -> None:
    """What every worker does before it takes a job."""
    for role in INSIDE:
        shop.duties(role).first()


def test_what_was_destroyed_after_the_backup_is_destroyed_again_before_any_job(at: At, desk: Desk) -> None:
    shop = at("finished")
    desk.back_up(shop)
    destroyed(shop)
    others = everything_of(shop, PRACTICES)
    desk.keep_log(shop)
    restored = restore(desk.again, desk.places, Known(desk.bundle, (desk.checkpoint,)))
    assert (restored.orders, restored.behind) == (1, False)
    shop = desk.reopened(shop)
    submission = shop.submission(shop.ids[REGISTRY])
    assert submission.withdrawn_at is not None
    assert not kept_path(shop.spool, submission.sealed_sha256).exists()
    assert everything_of(shop, REGISTRY) != []  # until its workers start
    start(shop)
    assert everything_of(shop, REGISTRY) == []
    assert everything_of(shop, PRACTICES) == others
    assert list((shop.spool / "hand-overs").rglob("*.age")) == []
    again = [each for each in shop.entries() if each.action is Action.DESTRUCTION_REPEAT]
    assert [(each.detail["role"], each.detail["kind"]) for each in again] == [
        ("linkage", "delivery"),
        ("analysis", "delivery"),
    ]
    assert min(int(each.detail["count"]) for each in again) > 0
    assert list(shop.home.root.glob(f"vault/*/{FILE}")) == []
    with pytest.raises(NothingToLink):  # the deliveries of one provider
        shop.ask_for_run()


def test_the_log_goes_on_from_the_newest_checkpoint_and_says_that_it_was_restored(at: At, desk: Desk) -> None:
    shop = at("finished")
    desk.keep_log(shop)
    backup = desk.back_up(shop)
    destroyed(shop)
    desk.keep_log(shop)
    certified = [each.entry_id for each in shop.entries()][-1]
    kept = desk.checkpoint.read_text()
    restored = restore(desk.again, desk.places, Known(desk.bundle, (desk.checkpoint,)))
    again = desk.reopened(shop)
    assert restored.carried == 3
    last = again.entries()[-1]
    assert (last.action, last.subject, last.detail["kind"]) == (
        Action.INSTALLATION_RESTORE,
        backup.backup_id,
        "level",
    )
    with again.sessions() as session:
        assert is_in_tree(session, certified)
        standing = last_checkpoint(session)
    assert standing is not None
    assert standing.note == kept
    desk.keep_log(again)
    assert desk.checkpoint.read_text() != kept
    assert "since the backup, 1 submission:withdraw in " + PROJECT in restored.again[0]


def test_a_destruction_that_the_backup_knows_is_not_done_twice(at: At, desk: Desk) -> None:
    shop = at("finished")
    destroyed(shop)
    desk.back_up(shop)
    desk.keep_log(shop)
    restore(desk.again, desk.places, Known(desk.bundle))
    shop = desk.reopened(shop)
    start(shop)
    assert Action.DESTRUCTION_REPEAT not in {each.action for each in shop.entries()}
    assert everything_of(shop, REGISTRY) == []


def test_a_project_that_the_backup_knows_as_destroyed_is_not_destroyed_twice(at: At, desk: Desk) -> None:
    shop = at("finished")
    destruction_id = closed(shop)
    for job in OF_PROJECT:
        shop.do(job, destruction_id)
    start(shop)  # no restore, nothing to repeat
    desk.back_up(shop)
    restore(desk.again, desk.places, Known(behind=True))
    shop = desk.reopened(shop)
    start(shop)
    assert Action.DESTRUCTION_REPEAT not in {each.action for each in shop.entries()}
    assert list(shop.home.root.glob(f"vault/*/{FILE}")) == []


def test_a_worker_that_is_cut_off_repeats_what_is_left(at: At, desk: Desk) -> None:
    shop = at("finished")
    desk.back_up(shop)
    withdrawn(shop)
    desk.keep_log(shop)
    restore(desk.again, desk.places, Known(desk.bundle))
    shop = desk.reopened(shop)
    orders = shop.home.vault("linkage") / FILE
    said = orders.read_text()
    shop.duties(WorkerRole.LINKAGE).first()
    orders.write_text(said)  # it died before it could take them away
    shop.duties(WorkerRole.LINKAGE).first()
    assert not orders.exists()
    assert not [each for each in everything_of(shop, REGISTRY) if each.startswith("linkage")]


def test_a_worker_that_cannot_destroy_again_takes_no_job_and_doctor_says_so(at: At, desk: Desk) -> None:
    shop = at("finished")
    desk.back_up(shop)
    withdrawn(shop)
    desk.keep_log(shop)
    restore(desk.again, desk.places, Known(desk.bundle))
    shop = desk.reopened(shop)
    next(shop.home.vault("linkage").rglob("spine.key")).unlink()
    with pytest.raises(EngineRefusal):
        shop.duties(WorkerRole.LINKAGE).first()
    said = {each.says: each.state for each in examine_vaults(shop.home)}
    assert said["linkage has not yet destroyed again what a restore brought back"] is State.WATCH


def test_a_closed_project_stays_closed_to_everybody(at: At, desk: Desk) -> None:
    shop = at("signed")
    desk.back_up(shop)
    closing = shop.amendment_text(closed_on=shop.clock().date())
    with shop.acting("oliver") as act:
        amend_project(act, PROJECT, closing)
    desk.keep_log(shop)
    restored = restore(desk.again, desk.places, Known(desk.bundle))
    assert any("project:close" in line for line in restored.again)
    shop = desk.reopened(shop)
    sealed = list((shop.spool / "submissions").iterdir())
    start(shop)
    assert sealed == []
    for role in INSIDE:
        left = vault_of(shop, role.value)
        assert {name.split("/")[0] for name in left.names(PROJECT)} == {"closed"}
        assert left.secret_names(PROJECT) == ()
    assert list((shop.spool / "evidence").rglob("*.age")) == []


def test_keys_that_were_revoked_since_are_revoked_again(at: At, desk: Desk) -> None:
    shop = at("opened")
    with shop.acting("operator") as act:
        further = [client_key(ECKey.generate_key("P-384").as_dict(private=False)) for _ in range(2)]
        for key in further:
            register_client_key(act, "cheng", key)
        revoke_client_key(act, further[0].thumbprint)
    desk.back_up(shop)
    with shop.acting("operator") as act:
        revoke_principal(act, "rosalind")
        revoke_client_key(act, further[1].thumbprint)
    desk.keep_log(shop)
    restored = restore(desk.again, desk.places, Known(desk.bundle))
    assert restored.revoked == 2
    shop = desk.reopened(shop)
    assert not shop.one(Principal, "rosalind").active
    assert shop.one(Principal, "cheng").active
    assert not shop.one(RegisteredClientKey, further[1].thumbprint).active


def test_nothing_is_decided_for_a_project_that_was_told_something_since(at: At, desk: Desk) -> None:
    shop = at("answered")
    desk.back_up(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    desk.keep_log(shop)
    restored = restore(desk.again, desk.places, Known(desk.bundle))
    assert any("table:control" in line for line in restored.again)
    shop = desk.reopened(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    assert shop.query(shop.ids["query"]).code == RefusalCode.HISTORY_MISSING
    # A backup of this installation remembers that, too.
    desk.keep_log(shop)
    places = Places(desk.folder / "data-2", desk.folder / "keys-2")
    back_up(shop.home, places, lambda _: None, clock=shop.clock, random=shop.random)
    third = Home(desk.folder / "third")
    restore(third, places, Known(desk.bundle))
    kept = Forgotten.model_validate_json((third.vault("gate") / FORGOTTEN).read_bytes())
    assert kept.projects == (PROJECT,)


def test_where_nobody_knows_what_was_told_nothing_more_is_decided(at: At, desk: Desk) -> None:
    shop = at("approved")
    desk.back_up(shop)
    restore(desk.again, desk.places, Known(behind=True))
    shop = desk.reopened(shop)
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.HISTORY_MISSING)


def test_what_was_told_before_the_backup_goes_on_being_decided(at: At, desk: Desk) -> None:
    shop = at("approved")
    desk.back_up(shop)
    desk.keep_log(shop)
    restore(desk.again, desk.places, Known(desk.bundle))
    shop = desk.reopened(shop)
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED


# --- behind the log (T16)


def test_a_backup_behind_a_checkpoint_that_somebody_holds_is_refused(at: At, desk: Desk) -> None:
    shop = at("opened")
    desk.back_up(shop)
    with shop.acting("operator") as act:
        revoke_principal(act, "rosalind")
    desk.keep_log(shop)
    with pytest.raises(BackupBehindLog):
        restore(desk.again, desk.places, Known(None, (desk.checkpoint,)))
    assert not desk.again.root.exists()
    restored = restore(desk.again, desk.places, Known(None, (desk.checkpoint,), behind=True))
    assert restored.behind
    last = desk.reopened(shop).entries()[-1]
    assert (last.action, last.detail["kind"]) == (Action.INSTALLATION_RESTORE, "behind")


def test_somebody_has_to_say_what_the_log_signed_last(at: At, desk: Desk) -> None:
    shop = at("opened")
    desk.back_up(shop)
    with pytest.raises(NewestCheckpointUnsaid):
        restore(desk.again, desk.places, Known())
    assert restore(desk.again, desk.places, Known(behind=True)).behind


def test_a_checkpoint_of_another_log_and_a_forged_one_are_refused(at: At, desk: Desk, tmp_path: Path) -> None:
    shop = at("opened")
    desk.keep_log(shop)
    desk.back_up(shop)
    forged = tmp_path / "forged"
    forged.write_text(desk.checkpoint.read_text().replace("\n\n", "\n\n\n", 1))
    for path in (forged, tmp_path / "none"):
        with pytest.raises(CheckpointRefused):
            restore(desk.again, desk.places, Known(None, (path,)))
    signer = log_signer(settings_for(LogSettings, log_environment(shop)))
    forged.write_text(signer.sign(1, bytes(32)))
    with pytest.raises(CheckpointRefused):
        restore(desk.again, desk.places, Known(None, (forged,)))
    desk.bundle.write_bytes(b"no zip file")
    with pytest.raises(LogBundleRefused):
        restore(desk.again, desk.places, Known(desk.bundle))
    assert not desk.again.root.exists()


# --- damage, crashes, and places


def test_a_backup_that_is_damaged_or_has_other_keys_is_refused(at: At, desk: Desk) -> None:
    shop = at("opened")
    desk.back_up(shop)
    known = Known(behind=True)
    pins = desk.places.data / "pins.json"
    said = pins.read_bytes()
    pins.write_bytes(said + b" ")
    with pytest.raises(BackupDamaged):
        restore(desk.again, desk.places, known)
    pins.write_bytes(said)
    keys = desk.places.keys / "keys"
    shutil.copy(keys / "gate" / "at-rest.key", desk.folder / "kept")
    (keys / "gate" / "at-rest.key").unlink()
    with pytest.raises(BackupKeysDiffer):
        restore(desk.again, desk.places, known)
    shutil.copy(keys / "analysis" / "at-rest.key", keys / "gate" / "at-rest.key")
    with pytest.raises(BackupKeysDiffer):
        restore(desk.again, desk.places, known)
    (desk.places.data / NAME).unlink()
    with pytest.raises(BackupDamaged):
        restore(desk.again, desk.places, known)
    assert not desk.again.root.exists()


def test_a_restore_that_was_cut_short_is_begun_anew(
    at: At, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = at("opened")
    desk.back_up(shop)

    def cut(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut)
        with pytest.raises(BackupNotMade):
            restore(desk.again, desk.places, Known(behind=True))
    assert not desk.again.root.exists()
    restore(desk.again, desk.places, Known(behind=True))
    entered = [each.action for each in desk.reopened(shop).entries()]
    assert entered.count(Action.INSTALLATION_RESTORE) == 1


def test_nothing_is_written_over_and_no_running_service_is_copied(at: At, desk: Desk) -> None:
    shop = at("opened")
    with only_one(shop.home.root / "status" / "gate"), pytest.raises(ServiceRunning):
        desk.back_up(shop)
    assert not desk.places.data.exists()
    desk.back_up(shop)
    with pytest.raises(FolderThere):
        desk.back_up(shop)
    with pytest.raises(FolderThere):
        restore(shop.home, desk.places, Known(behind=True))


def test_a_backup_that_cannot_be_written_says_so_and_is_none(at: At, desk: Desk) -> None:
    shop = at("opened")
    (shop.home.keys("gate") / "at-rest.key").unlink()
    with pytest.raises(BackupNotMade):
        desk.back_up(shop)
    with pytest.raises(BackupDamaged):
        restore(desk.again, desk.places, Known(behind=True))


def test_postgresql_is_left_to_its_own_programs(at: At, desk: Desk) -> None:
    shop = at("opened")
    there = shop.home.read().model_copy(update={"database_url": "postgresql+psycopg://tre@/tre?host=/run"})
    shop.home.file.write_text(there.to_json())
    with pytest.raises(BackupNeedsSqlite):
        desk.back_up(shop)


def test_links_and_unfinished_uploads_stay_behind(at: At, desk: Desk, tmp_path: Path) -> None:
    shop = at("received")
    (shop.spool / "submissions" / "link").symlink_to(shop.home.governance_key)
    (shop.spool / "uploads" / "coming").write_bytes(b"half")
    backup = desk.back_up(shop)
    assert not [name for name in backup.files if name.endswith("/link") or "uploads/" in name]
    deliveries = [name for name in backup.files if name.startswith("spool/submissions/")]
    assert len(deliveries) == 2
    source = tmp_path / "source"
    source.mkdir(mode=0o750)
    assert list(copy_folder(source, tmp_path / "target")) == []
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o750


def test_the_commands_back_up_and_restore_and_both_are_entered(
    at: At, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = at("finished")
    data, keys = (str(place) for place in desk.places)
    assert run(app, ["backup", str(shop.home.root), data, "--keys", keys]) == 0
    assert "keep" in capsys.readouterr().out
    entered = [each for each in shop.entries() if each.action is Action.INSTALLATION_BACKUP]
    assert [each.detail["kind"] for each in entered] == ["begin", "finish"]
    destroyed(shop)
    desk.keep_log(shop)
    again = str(desk.again.root)
    assert run(app, ["restore", again, data, "--keys", keys]) == 1
    assert "Newest checkpoint unsaid" in capsys.readouterr().err
    assert run(app, ["restore", again, data, "--keys", keys, "--log", str(desk.bundle)]) == 0
    out = capsys.readouterr().out
    assert "1 destructions are held to" in out
    assert "since the backup, 1 submission:withdraw" in out
    assert "LOG MAY BE AHEAD" not in out
    shutil.rmtree(desk.again.root)
    assert run(app, ["restore", again, data, "--keys", keys, "--behind"]) == 0
    assert "LOG MAY BE AHEAD" in capsys.readouterr().out
