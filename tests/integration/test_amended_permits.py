"""What workers believe of permits: the chain back to the first, no rollback, grants and standing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linkage_engine.contract.permit import DataSetGrant
from linkage_engine.contract.refusals import RefusalCode
from service.jobs import Job
from service.projects.actions import amend_project
from service.signed import SigningKey
from tests.factories import PROJECT, a_grant, accredited
from tests.integration.cast import GRANTS
from tests.integration.conftest import At
from tests.integration.extracts import REGISTRY
from tests.integration.refusing import (
    part_is_rejected,
    put_permit,
    query_failed,
    release_failed,
    run_failed,
)
from tests.integration.workshop import Workshop

UNTIL_YESTERDAY: dict[str, Any] = {"valid_from": date(2020, 1, 1), "valid_to": date(2025, 4, 6)}
GRACE = {"valid_from": date(2020, 1, 1), "valid_to": date(2025, 4, 7)}


def granted(**terms: Any) -> tuple[DataSetGrant, ...]:
    return tuple(a_grant(provider, name, **terms) for provider, name in GRANTS)


def amend(shop: Workshop, **changes: Any) -> str:
    text = shop.amendment_text(**changes)
    with shop.acting("oliver") as act:
        amend_project(act, PROJECT, text)
    return text


def test_work_goes_on_under_an_amended_permit(at: At) -> None:
    shop = at("received")
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    amend(shop, valid_to=date(2049, 6, 30))
    shop.do(Job.UNSEAL_PAYLOAD, shop.ids[REGISTRY])
    assert shop.submission(shop.ids[REGISTRY]).state.value == "accepted"


def test_a_permit_from_before_does_not_come_back(at: At) -> None:
    shop = at("run-asked")
    first = shop.permit_text()
    amend(shop, templates=())
    shop.do(Job.LINK, shop.ids["run"])
    again = shop.ask_for_run()
    put_permit(shop, first)
    shop.do(Job.LINK, again)
    shop.ids["run"] = again
    run_failed(shop, RefusalCode.PERMIT_OUTDATED)


def test_another_history_of_permits_is_not_believed(at: At) -> None:
    shop = at("run-asked")
    put_permit(shop, shop.permit_text(title="Another first permit"))
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.PERMIT_OUTDATED)


def test_an_amendment_whose_permit_before_was_taken_away_is_not_believed(at: At) -> None:
    shop = at("run-asked")
    amend(shop)
    shop.change("DELETE FROM permit_version WHERE sequence = 1")
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.SIGNATURE_INVALID)


def test_a_note_that_was_damaged_is_not_passed_over(at: At) -> None:
    shop = at("run-asked")
    (shop.home.vault("linkage") / "permits" / f"{PROJECT}.json").write_text("{}")
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.VAULT_DAMAGED)


def test_no_data_are_opened_that_their_controller_did_not_grant(at: At) -> None:
    shop = at("received")
    put_permit(shop, shop.permit_text(data_sets=granted(key=SigningKey.generate())))
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part_is_rejected(shop, REGISTRY, "identifiers", RefusalCode.GRANT_INVALID)


def test_nothing_runs_on_a_grant_that_has_run_out(at: At) -> None:
    shop = at("run-asked")
    amend(shop, data_sets=granted(**UNTIL_YESTERDAY))
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.GRANT_NOT_LIVE)


def test_a_closed_project_runs_nothing(at: At) -> None:
    shop = at("run-asked")
    amend(shop, closed_on=date(2025, 4, 7))
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.PERMIT_NOT_LIVE)


def untrained(shop: Workshop, name: str, **dates: Any) -> dict[str, Any]:
    """The permit's parties, one of whom is trained until a day."""
    held = {"reference": "Course 1", **dates}
    parties = (person.party for person in shop.people.values() if person.id not in {"oliver", "audrey"})
    return {
        "parties": tuple(
            accredited(party, training=held) if party.principal_id == name else party for party in parties
        )
    }


def test_nobody_is_answered_whose_training_has_expired(at: At) -> None:
    shop = at("asked")
    amend(shop, **untrained(shop, "rosalind", **UNTIL_YESTERDAY))
    shop.do(Job.ANSWER, shop.ids["query"])
    query_failed(shop, RefusalCode.STANDING_NOT_LIVE)


def test_the_gate_does_not_sign_on_the_word_of_a_checker_whose_training_has_expired(at: At) -> None:
    shop = at("approved")
    amend(shop, **untrained(shop, "cheng", **UNTIL_YESTERDAY))
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.STANDING_NOT_LIVE)


@pytest.mark.parametrize(("minutes", "state"), [(-2, "answered"), (2, "failed")])
def test_a_worker_whose_clock_is_two_minutes_off_refuses_by_name_or_answers(
    at: At, minutes: int, state: str
) -> None:
    """At the end of the last day: what is refused may be asked again once the permit is amended."""
    shop = at("asked")
    amend(shop, **untrained(shop, "rosalind", **GRACE))
    shop.clock.now = shop.clock.now.replace(hour=23, minute=59)
    shop.clock.forward(minutes=minutes)
    shop.do(Job.ANSWER, shop.ids["query"])
    query = shop.query(shop.ids["query"])
    assert (query.state.value, query.code) == (state, None if state == "answered" else "standing-not-live")
