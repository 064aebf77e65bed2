"""A delivery that its provider takes back: destroyed in both vaults, certified, and nowhere any more."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from linkage_engine.boundary import Inside, LinkageDoor
from linkage_engine.contract.destruction import DestructionCertificate
from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.audit.verify import main as audit
from service.audit.vocabulary import Action
from service.destructions.actions import certify_destruction, fail_destruction, withdraw_delivery
from service.destructions.records import (
    Destruction,
    Share,
    destructions_under,
    latest_of_project,
    shares_of,
    standing_of,
)
from service.destructions.rules import DestructionState
from service.jobs import Job
from service.keys import Pins
from service.linkage_runs.rules import RunState
from service.operate.main import app as operator
from service.problems.requests import NotFound
from service.problems.withdrawals import DeliveryWithdrawalRefused
from service.projects.actions import amend_project
from service.projects.records import ProjectDestruction, project_by_id
from service.provider.main import app as provider
from service.queries.rules import QueryState
from service.releases.rules import ReleaseState
from service.signed import SigningKey, TextType, sign, verified
from service.submissions.rules import SubmissionState
from service.submissions.spool import kept_path
from service.worker.roles import inside
from tests.factories import PROJECT, a_delivery_withdrawal
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY, registry_files
from tests.integration.refusing import STRANGER, release_failed
from tests.integration.test_tools import ToolsAt, tools
from tests.integration.workshop import Workshop

__all__ = ["tools"]
JOBS = (Job.SHRED_PAYLOAD, Job.SHRED_IDENTIFIERS)


def delivery_of(shop: Workshop, provider_id: str = REGISTRY) -> str:
    return shop.submission(shop.ids[provider_id]).delivery_id


def text_of(shop: Workshop, signer: SigningKey | None = None, **changes: Any) -> str:
    statement = a_delivery_withdrawal(
        REGISTRY, delivery_of(shop), **{"withdrawn_at": shop.clock(), **changes}
    )
    return sign(statement, signer or shop.people[REGISTRY].key, TextType.DELIVERY_WITHDRAWAL)


def withdrawn(shop: Workshop, text: str | None = None) -> str:
    with shop.acting(REGISTRY) as act:
        made, _, _ = withdraw_delivery(act, shop.ids[REGISTRY], text or text_of(shop))
    return made.id


def destroyed(shop: Workshop) -> str:
    destruction_id = withdrawn(shop)
    for job in JOBS:
        shop.do(job, destruction_id)
    return destruction_id


def state(shop: Workshop, destruction_id: str) -> DestructionState:
    with shop.sessions() as session:
        asked = session.get(Destruction, destruction_id) or session.get(ProjectDestruction, destruction_id)
        assert asked is not None
        return standing_of(session, asked)


def _shares(session: Session, destruction_id: str) -> Sequence[Share]:
    asked = session.get(Destruction, destruction_id) or session.get(ProjectDestruction, destruction_id)
    assert asked is not None
    return shares_of(session, asked)


def codes(shop: Workshop, destruction_id: str) -> list[str | None]:
    with shop.sessions() as session:
        return [share.code for share in _shares(session, destruction_id)]


def certificates(shop: Workshop, destruction_id: str) -> dict[str, DestructionCertificate]:
    pins = Pins.read(shop.home.pins)
    keys = (pins.linkage.hand_over_key, pins.analysis.hand_over_key)
    with shop.sessions() as session:
        return {
            share.role: verified(
                str(share.certificate),
                tuple(k for k in keys if k),
                TextType.DESTRUCTION,
                DestructionCertificate,
            )
            for share in _shares(session, destruction_id)
        }


def vault_of(shop: Workshop, role: str) -> Vault:
    return Vault(shop.home.vault(role), Keystore.from_file(shop.home.keys(role) / "at-rest.key"))


def everything_of(shop: Workshop, provider_id: str) -> list[str]:
    """The tables of both vaults that are about a provider, by name or by their rows."""
    found = []
    for role in ("linkage", "analysis"):
        vault = vault_of(shop, role)
        for name in vault.names(PROJECT):
            table = vault.read(PROJECT, name)
            rows = (
                provider_id in table["provider_id"].to_pylist()
                if "provider_id" in table.column_names
                else False
            )
            if (rows or provider_id in name.split("/")) and not name.startswith("destroyed/"):
                found.append(f"{role}: {name}")
    return found


def test_nothing_of_the_delivery_is_left_in_either_vault_nor_in_the_spool(at: At) -> None:
    shop = at("controlled")
    before = everything_of(shop, REGISTRY)
    assert {each.split(": ")[1].split("/")[0] for each in before} >= {
        "identifiers",
        "payload",
        "spine",
        "crosswalk",
    }
    sealed = kept_path(shop.spool, shop.submission(shop.ids[REGISTRY]).sealed_sha256)
    hand_overs = list((shop.spool / "hand-overs").rglob("*.age"))
    assert sealed.exists()
    assert hand_overs
    destruction_id = destroyed(shop)
    assert state(shop, destruction_id) is DestructionState.DESTROYED
    assert everything_of(shop, REGISTRY) == []
    assert everything_of(shop, PRACTICES) != []
    assert list((shop.spool / "hand-overs").rglob("*.age")) == []


def test_each_worker_certifies_the_digests_of_the_keys_that_it_destroyed(at: At) -> None:
    shop = at("finished")
    delivery, text = delivery_of(shop), text_of(shop)
    names = {
        role: {
            name: tuple(vault_of(shop, role).key_digests(PROJECT, name))
            for name in vault_of(shop, role).names(PROJECT)
        }
        for role in ("linkage", "analysis")
    }
    destruction_id = withdrawn(shop, text)
    for job in (*JOBS, *JOBS):  # a job may come twice
        shop.do(job, destruction_id)
    found = certificates(shop, destruction_id)
    assert set(found) == {"linkage", "analysis"}
    for role, certificate in found.items():
        assert (certificate.role, certificate.delivery_id) == (role, delivery)
        assert certificate.statement_sha256 == hashlib.sha256(text.encode()).hexdigest()
        for each in certificate.destroyed:
            assert each.keys_sha256 == names[role][each.name]
            assert len(each.keys_sha256) == 1
    told = {role: {each.name for each in certificate.destroyed} for role, certificate in found.items()}
    assert {f"identifiers/{REGISTRY}/{delivery}", "spine"} <= told["linkage"]
    assert {f"payload/{REGISTRY}/{delivery}/death", "crosswalk"} <= told["analysis"]
    entered = [each for each in shop.entries() if each.subject == destruction_id]
    assert [each.action for each in entered] == [Action.DESTRUCTION_CERTIFY] * 2


def test_the_next_answer_and_the_next_run_are_without_it(at: At) -> None:
    shop = at("finished")
    destroyed(shop)
    query_id = shop.ask()
    shop.do(Job.ANSWER, query_id)
    assert shop.query(query_id).state is QueryState.ANSWERED
    shop.do(Job.CONTROL, query_id)
    evidence, _ = shop.evidence("cheng", query_id)
    assert {counts[0] for counts in evidence.exact} <= {0, None}  # the registry's cases are gone
    new = shop.desk(REGISTRY)
    shop.ids[REGISTRY] = shop.receive(
        new.deliver(shop.home.root / "desks" / "again", registry_files, counter=2)
    )
    for job in (Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD):
        shop.do(job, shop.ids[REGISTRY])
    assert shop.submission(shop.ids[REGISTRY]).state is SubmissionState.ACCEPTED
    run_id = shop.ask_for_run()
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, run_id)
    assert (shop.run(run_id).state, shop.run(run_id).records) == (RunState.FINISHED, 240)


def test_a_delivery_that_was_withdrawn_is_not_opened_linked_or_received_again(at: At) -> None:
    shop = at("linked")  # the crosswalk with it is on its way
    destruction_id = withdrawn(shop)
    shop.do(Job.SHRED_PAYLOAD, destruction_id)
    shop.do(Job.RECEIVE_CROSSWALK, shop.ids["run"])
    assert shop.run(shop.ids["run"]).records == len(vault_of(shop, "analysis").read(PROJECT, "crosswalk"))
    assert REGISTRY not in vault_of(shop, "analysis").read(PROJECT, "crosswalk")["provider_id"].to_pylist()
    shop.do(Job.SHRED_IDENTIFIERS, destruction_id)
    door = LinkageDoor(shop_inside(shop, "linkage"))
    with pytest.raises(EngineRefusal) as refused:
        door.link(PROJECT, "ab" * 16, {REGISTRY: delivery_of(shop)}, policy="nhs-cancer-default")
    assert refused.value.code is RefusalCode.DELIVERY_WITHDRAWN
    manifest = manifest_of(shop)
    with pytest.raises(EngineRefusal) as again:
        door.receive(io.BytesIO(), manifest)
    assert again.value.code is RefusalCode.DELIVERY_WITHDRAWN


def shop_inside(shop: Workshop, role: str) -> Inside:
    keys = shop.home.keys(role)
    return inside(keys / "identity.age", keys / "at-rest.key", shop.home.vault(role), shop.random)


def manifest_of(shop: Workshop) -> Manifest:
    text = shop.submission(shop.ids[REGISTRY]).manifest
    return verified(text, (shop.people[REGISTRY].key.public,), TextType.MANIFEST, Manifest)


def test_before_anything_was_opened_the_delivery_is_refused_when_its_turn_comes(at: At) -> None:
    shop = at("received")
    destruction_id = withdrawn(shop)
    for job in JOBS:
        shop.do(job, destruction_id)
    for job in (Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD):
        shop.do(job, shop.ids[REGISTRY])
    assert shop.submission(shop.ids[REGISTRY]).state is SubmissionState.REJECTED
    assert shop.part(shop.ids[REGISTRY], "identifiers").code == RefusalCode.DELIVERY_WITHDRAWN
    assert everything_of(shop, REGISTRY) == []


def test_an_earlier_delivery_is_destroyed_and_the_one_that_is_linked_stays(at: At) -> None:
    shop = at("finished")
    earlier = shop.ids[REGISTRY]
    statement = text_of(shop)
    desk = shop.desk(REGISTRY)
    shop.ids[REGISTRY] = shop.receive(
        desk.deliver(shop.home.root / "desks" / "next", registry_files, counter=2)
    )
    for job in (Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD):
        shop.do(job, shop.ids[REGISTRY])
    run_id = shop.ask_for_run()
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, run_id)
    crosswalk = vault_of(shop, "analysis").read(PROJECT, "crosswalk")
    with shop.acting(REGISTRY) as act:
        made, _, _ = withdraw_delivery(act, earlier, statement)
    for job in JOBS:
        shop.do(job, made.id)
    assert state(shop, made.id) is DestructionState.DESTROYED
    assert vault_of(shop, "analysis").read(PROJECT, "crosswalk") == crosswalk
    told = {each.name for one in certificates(shop, made.id).values() for each in one.destroyed}
    assert {name.split("/")[0] for name in told} == {"payload"}
    assert vault_of(shop, "linkage").names(PROJECT, "pairs/") != ()


# --- releases


def test_what_was_approved_and_not_signed_yet_does_not_leave(at: At) -> None:
    shop = at("approved")
    withdrawn(shop)
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.DELIVERY_WITHDRAWN)


def test_on_the_databases_word_alone_nothing_is_kept_from_leaving(at: At) -> None:
    shop = at("approved")
    withdrawn(shop)
    shop.change("UPDATE destruction SET statement = :text", text=text_of(shop, STRANGER))
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED


def test_what_was_asked_before_it_was_linked_or_after_it_was_gone_is_not_made_of_it(at: At) -> None:
    shop = at("signed")
    asked_at = shop.query(shop.ids["query"]).asked_at
    shop.clock.forward(hours=1)
    destruction_id = withdrawn(shop)

    def under(moment: Any) -> bool:
        with shop.sessions() as session:
            return [each.id for each in destructions_under(session, PROJECT, moment)] == [destruction_id]

    run = shop.run(shop.ids["run"])
    assert (under(asked_at), under(shop.clock())) == (True, True)
    assert not under(run.asked_at.replace(year=2000))
    for job in JOBS:
        shop.do(job, destruction_id)
    shop.clock.forward(hours=1)
    assert (under(asked_at), under(shop.clock())) == (True, False)


# --- who asks


def test_only_its_provider_withdraws_a_delivery(at: At) -> None:
    shop = at("accepted")
    with shop.acting(PRACTICES) as act, pytest.raises(NotFound):
        withdraw_delivery(act, shop.ids[REGISTRY], text_of(shop))
    for signer, changes in (
        (STRANGER, {}),
        (shop.people[PRACTICES].key, {}),
        (None, {"delivery_id": "ab" * 16}),
        (None, {"provider_id": PRACTICES}),
        (None, {"project_id": "another-project"}),
    ):
        with shop.acting(REGISTRY) as act, pytest.raises(DeliveryWithdrawalRefused):
            withdraw_delivery(act, shop.ids[REGISTRY], text_of(shop, signer, **changes))
    assert shop.submission(shop.ids[REGISTRY]).withdrawn_at is None


@pytest.mark.parametrize("job", JOBS)
def test_nothing_is_destroyed_on_the_databases_word(at: At, job: Job) -> None:
    shop = at("finished")
    before = everything_of(shop, REGISTRY)
    researcher = shop.people["rosalind"].key
    for key, changes in (
        (STRANGER, {}),
        (researcher, {"provider_id": "rosalind"}),
        (shop.people[PRACTICES].key, {}),
        (shop.people[REGISTRY].key, {"project_id": "another-project"}),
    ):
        destruction_id = withdrawn(shop)
        shop.clock.forward(seconds=1)
        text = text_of(shop, key, **changes)
        shop.change("UPDATE destruction SET statement = :text WHERE id = :id", text=text, id=destruction_id)
        shop.do(job, destruction_id)
        assert codes(shop, destruction_id) == [RefusalCode.SIGNATURE_INVALID.value]
        assert state(shop, destruction_id) is DestructionState.FAILED
    assert everything_of(shop, REGISTRY) == before


def test_the_same_statement_is_one_destruction_and_another_one_goes_on_where_a_worker_failed(at: At) -> None:
    shop = at("finished")
    text = text_of(shop)
    first = withdrawn(shop, text)
    assert withdrawn(shop, text) == first
    jobs = [subject for _, subject in shop.enqueued()]
    assert jobs.count(first) == 2
    for job in JOBS:
        shop.fail(job, first)
        shop.fail(job, first)
    assert codes(shop, first) == [RefusalCode.UNFORESEEN.value] * 2
    shop.clock.forward(seconds=1)
    again = destroyed(shop)
    assert again != first
    assert state(shop, again) is DestructionState.DESTROYED
    assert everything_of(shop, REGISTRY) == []


def test_a_destruction_is_reported_once_and_only_if_it_is_there(at: At) -> None:
    shop = at("finished")
    certificate = next(iter(certificates(shop, destroyed(shop)).values()))
    with shop.acting("worker-linkage") as act:
        with pytest.raises(NotFound):
            fail_destruction(act, Destruction, "0" * 36, "linkage", RefusalCode.UNFORESEEN)
        asked = act.session.get(Destruction, certificate.destruction_id)
        assert asked is not None
        before = shares_of(act.session, asked)
        certify_destruction(act, asked, certificate, "a.b.c")
        assert shares_of(act.session, asked) == before


# --- the provider's tool, and the certificate offline


def test_a_provider_withdraws_fetches_the_certificate_and_verifies_it_offline(
    tools: ToolsAt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = tools("finished")
    shop, out = desk.shop, tmp_path / "certificate.zip"
    sealed = kept_path(shop.spool, shop.submission(shop.ids[REGISTRY]).sealed_sha256)
    assert sealed.exists()
    code, said, err = desk.run(provider, "withdraw-delivery", shop.ids[REGISTRY], who=REGISTRY)
    assert code == 0, err
    assert delivery_of(shop) in said
    assert not sealed.exists()
    destruction_id = said.split("destruction ")[1].split(":")[0]
    code, _, err = desk.run(provider, "certificate", destruction_id, "--out", out, who=REGISTRY)
    assert (code, "Not destroyed yet" in err) == (1, True)
    for job in JOBS:
        shop.do(job, destruction_id)
    code, _, err = desk.run(provider, "certificate", destruction_id, "--out", out, who=REGISTRY)
    assert (code, "Not destroyed yet" in err) == (1, True)  # the log does not have it
    desk.bring_log_up_to_date()
    shown = desk.ask(provider, "destruction", destruction_id, who=REGISTRY)
    assert shown["state"] == "destroyed"
    assert all(share["log_index"] is not None for share in shown["shares"])
    code, _, err = desk.run(provider, "certificate", destruction_id, "--out", out, who=REGISTRY)
    assert code == 0, err
    code, _, err = desk.run(provider, "destruction", destruction_id, who=PRACTICES)
    assert (code, "Not found" in err) == (1, True)
    vkey = tmp_path / "log.vkey"
    vkey.write_text(shop.pins.log_vkey)
    pinned = []
    for role, keys in (("linkage", shop.pins.linkage), ("analysis", shop.pins.analysis)):
        assert keys.hand_over_key is not None
        path = tmp_path / f"{role}.jwk"
        path.write_text(keys.hand_over_key.to_json())
        pinned += ["--worker-key", str(path)]
    capsys.readouterr()
    assert audit(["verify-certificate", str(out), "--vkey", str(vkey), *pinned]) == 0
    report = capsys.readouterr().out
    assert f"delivery {delivery_of(shop)} of {REGISTRY} is destroyed" in report
    assert "linkage key: pinned" in report
    assert audit(["verify-certificate", str(out), "--vkey", str(vkey)]) == 0
    assert "the archive's own word" in capsys.readouterr().out
    assert audit(["verify-certificate", str(out), "--vkey", str(vkey), *pinned[:2]]) == 1
    assert "not a worker's key" in capsys.readouterr().err


# --- a closed project

OF_PROJECT = (Job.SHRED_PROJECT_HISTORY, Job.SHRED_PROJECT_PAYLOAD, Job.SHRED_PROJECT_IDENTIFIERS)
ROLES = ("linkage", "analysis", "gate")


def closed(shop: Workshop) -> str:
    """Close the project; the id of its destruction."""
    with shop.sessions() as session:
        project = project_by_id(session, PROJECT)
        assert project is not None
        in_force = verified(project.permit, (shop.governance.public,), TextType.PERMIT, Permit)
    text = project.permit if in_force.closed_on else shop.amendment_text(closed_on=shop.clock().date())
    with shop.acting("oliver") as act:
        amend_project(act, PROJECT, text)
        asked = latest_of_project(act.session, PROJECT)
        assert asked is not None
        return asked.id


def kept(shop: Workshop) -> list[str]:
    """Every table and secret of the project in any vault but notes."""
    found = []
    for role in ROLES:
        vault = vault_of(shop, role)
        names = [*vault.names(PROJECT), *vault.secret_names(PROJECT)]
        found += [f"{role}: {name}" for name in names if name.split("/")[0] not in {"destroyed", "closed"}]
    return found


def test_closing_a_project_destroys_every_table_and_secret_of_it(at: At) -> None:
    shop = at("signed")
    assert {each.split(":")[0] for each in kept(shop)} == set(ROLES)
    assert "gate: record-keys" in kept(shop)
    other = vault_of(shop, "analysis")
    other.write("another-project", "crosswalk", other.read(PROJECT, "crosswalk"))
    destruction_id = closed(shop)
    for job in (*OF_PROJECT, *OF_PROJECT):  # a job may come twice
        shop.do(job, destruction_id)
    assert kept(shop) == []
    assert state(shop, destruction_id) is DestructionState.DESTROYED
    assert list((shop.spool / "hand-overs").rglob("*.age")) == []
    assert list((shop.spool / "evidence").rglob("*.age")) == []
    assert list((shop.spool / "releases").rglob("table.csv"))  # what was released stays
    assert other.exists("another-project", "crosswalk")


def test_nothing_is_kept_of_a_destroyed_project_again(at: At) -> None:
    shop = at("linked")  # the crosswalk is on its way
    copy = {path: path.read_bytes() for path in (shop.spool / "hand-overs").rglob("*") if path.is_file()}
    destruction_id = closed(shop)
    for job in OF_PROJECT:
        shop.do(job, destruction_id)
    for path, data in copy.items():
        path.write_bytes(data)
    shop.do(Job.RECEIVE_CROSSWALK, shop.ids["run"])
    assert shop.run(shop.ids["run"]).code == RefusalCode.PERMIT_NOT_LIVE
    assert kept(shop) == []


@pytest.mark.parametrize("job", OF_PROJECT)
def test_a_project_is_destroyed_on_governances_word_alone(at: At, job: Job) -> None:
    shop = at("signed")
    before = kept(shop)
    shop.change(
        "INSERT INTO project_destruction (id, project_id, permit_sha256, received_at, entry_id)"
        " SELECT :id, id, permit_sha256, opened_at, :id FROM project",
        id="ab" * 16,
    )
    shop.do(job, "ab" * 16)
    assert codes(shop, "ab" * 16) == [RefusalCode.SIGNATURE_INVALID.value]
    assert kept(shop) == before


def test_where_a_worker_failed_the_closing_permit_is_brought_in_again(at: At) -> None:
    shop = at("finished")
    first = closed(shop)
    for job in OF_PROJECT:
        shop.fail(job, first)
    assert codes(shop, first) == [RefusalCode.UNFORESEEN.value] * 3
    assert state(shop, first) is DestructionState.FAILED
    shop.clock.forward(seconds=1)
    again = closed(shop)
    assert again != first
    for job in OF_PROJECT:
        shop.do(job, again)
    assert state(shop, again) is DestructionState.DESTROYED
    assert kept(shop) == []


def test_an_operator_fetches_the_certificate_of_a_project_and_it_holds_offline(
    tools: ToolsAt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = tools("signed")
    shop, out = desk.shop, tmp_path / "certificate.zip"
    code, _, err = desk.run(operator, "destruction", PROJECT, who="oliver")
    assert (code, "Not found" in err) == (1, True)
    sealed = list((shop.spool / "submissions").iterdir())
    destruction_id = closed(shop)
    code, _, err = desk.run(operator, "destruction", PROJECT, "--out", out, who="oliver")
    assert (code, "Not destroyed yet" in err) == (1, True)
    for job in OF_PROJECT:
        shop.do(job, destruction_id)
    desk.bring_log_up_to_date()
    assert all(path.exists() for path in sealed)
    shown = desk.ask(operator, "destruction", PROJECT, "--out", out, who="oliver")
    assert (shown["state"], len(shown["shares"])) == ("destroyed", 3)
    assert not any(path.exists() for path in sealed)
    vkey = tmp_path / "log.vkey"
    vkey.write_text(shop.pins.log_vkey)
    pinned = []
    keys = (shop.pins.linkage.hand_over_key, shop.pins.analysis.hand_over_key, shop.pins.release_key)
    for number, key in enumerate(keys):
        assert key is not None
        path = tmp_path / f"{number}.jwk"
        path.write_text(key.to_json())
        pinned += ["--worker-key", str(path)]
    assert audit(["verify-certificate", str(out), "--vkey", str(vkey), *pinned]) == 0
    assert f"project {PROJECT} is destroyed" in capsys.readouterr().out
