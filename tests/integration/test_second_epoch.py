"""A project goes on under a new linkage secret: nothing of before is linked with it, persons stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from service.jobs import Job
from service.linkage_runs.records import LinkageRun, LinkageRunSubmission
from service.linkage_runs.rules import RunState
from service.linkage_secrets.actions import receive_secret
from service.problems.linkage_secrets import EarlierLinkageSecret, NoLinkageSecret
from service.projects.actions import amend_project
from service.signed import TextType, sign
from tests.factories import PROJECT, a_secret_statement
from tests.integration.cast import ENVELOPES
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY, practice_files, registry_files
from tests.integration.test_destructions import vault_of
from tests.integration.workshop import Workshop

SECRET = LinkageSecret(bytes(range(32, 64)))
FILES = {REGISTRY: registry_files, PRACTICES: practice_files}


def next_epoch(shop: Workshop) -> None:
    with shop.acting("oliver") as act:
        amend_project(act, PROJECT, shop.amendment_text(secret_epoch=2, key_check=None))


def hold_ceremony(shop: Workshop) -> None:
    """The lead provider makes the secret of the second epoch."""
    providers = [shop.people[name] for name in (REGISTRY, PRACTICES)]
    made = a_secret_statement(providers, ENVELOPES, secret_epoch=2, key_check=key_check(SECRET, PROJECT, 2))
    with shop.acting(REGISTRY) as act:
        receive_secret(
            act, PROJECT, sign(made, shop.people[REGISTRY].key, TextType.LINKAGE_SECRET), ENVELOPES
        )


def send(shop: Workshop, provider: str) -> None:
    """The same people again, with tokens of the new secret."""
    desk = replace(shop.desk(provider), secret=SECRET, epoch=2)
    folder = shop.home.root / "desks" / f"{provider}-again"
    shop.ids[provider] = shop.receive(desk.deliver(folder, FILES[provider], counter=2))
    for job in (Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD):
        shop.do(job, shop.ids[provider])
    assert shop.submission(shop.ids[provider]).state.value == "accepted"


def link_ids(shop: Workshop) -> dict[tuple[str, str], str]:
    rows = vault_of(shop, "analysis").read(PROJECT, "crosswalk").to_pylist()
    return {(row["provider_id"], row["person_key"]): row["link_id"] for row in rows}


def test_a_run_waits_until_everybody_has_sent_again_and_link_ids_stay(at: At) -> None:
    shop = at("finished")
    before = link_ids(shop)
    next_epoch(shop)
    with pytest.raises(NoLinkageSecret):
        shop.ask_for_run()
    hold_ceremony(shop)
    with pytest.raises(EarlierLinkageSecret) as both:
        shop.ask_for_run()
    assert both.value.facts == {"providers": ", ".join(sorted((REGISTRY, PRACTICES)))}
    send(shop, REGISTRY)
    with pytest.raises(EarlierLinkageSecret) as one:
        shop.ask_for_run()
    assert one.value.facts == {"providers": PRACTICES}
    assert link_ids(shop) == before  # answers go on meanwhile, over the run of before
    send(shop, PRACTICES)
    run_id = shop.ask_for_run()
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, run_id)
    assert shop.run(run_id).state is RunState.FINISHED
    assert link_ids(shop) == before


def test_a_worker_links_no_two_secrets_whatever_the_api_asks(at: At) -> None:
    shop = at("finished")
    earlier = shop.ids[PRACTICES]
    next_epoch(shop)
    hold_ceremony(shop)
    send(shop, REGISTRY)
    shop.ids["run"] = forced_run(shop, [shop.ids[REGISTRY], earlier])
    shop.do(Job.LINK, shop.ids["run"])
    run = shop.run(shop.ids["run"])
    assert (run.state, run.code) == (RunState.FAILED, RefusalCode.KEY_CHECK_DIFFERS)


def test_a_run_that_was_asked_for_before_the_new_epoch_links_nothing(at: At) -> None:
    shop = at("run-asked")
    next_epoch(shop)
    hold_ceremony(shop)
    shop.do(Job.LINK, shop.ids["run"])
    run = shop.run(shop.ids["run"])
    assert (run.state, run.code) == (RunState.FAILED, RefusalCode.KEY_CHECK_DIFFERS)


def test_a_delivery_of_the_earlier_secret_that_comes_late_is_refused(at: At) -> None:
    shop = at("received")
    next_epoch(shop)
    hold_ceremony(shop)
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part = shop.part(shop.ids[REGISTRY], "identifiers")
    assert part.code == RefusalCode.KEY_CHECK_DIFFERS


def forced_run(shop: Workshop, submission_ids: list[str]) -> str:
    """What an api that was taken over would ask for."""
    run_id = "ab" * 16
    with Session(shop.sessions.kw["bind"]) as session:
        asked = shop.run(shop.ids["run"])
        session.add(
            LinkageRun(
                id=run_id,
                project_id=PROJECT,
                asked_by=asked.asked_by,
                asked_at=shop.clock(),
                in_full=False,
                state=RunState.ASKED,
            )
        )
        session.flush()
        session.add_all(LinkageRunSubmission(run_id=run_id, submission_id=each) for each in submission_ids)
        session.commit()
    return run_id
