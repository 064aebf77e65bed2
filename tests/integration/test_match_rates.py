"""A provider that makes up records of everybody, to learn whom another has: its delivery is held back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from linkage_engine.contract.permit_parts import MatchRate
from linkage_engine.contract.refusals import RefusalCode
from service.jobs import Job
from service.linkage_runs.rules import RunState
from service.projects.actions import amend_project
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.extracts import PEOPLE, PRACTICES, REGISTRY, identifiers, registry_files
from tests.integration.refusing import run_failed
from tests.integration.test_linkage_runs_again import crosswalk
from tests.integration.workshop import Workshop


def of_everybody(folder: Path) -> Path:
    """The registry's files with a made-up tumour of every person there is."""
    mapping = registry_files(folder)
    path = folder / "tumours.csv"
    with path.open(newline="") as file:
        first = next(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerows(
            first | {"local_id": f"R{i}", "tumour_id": f"T{i}", **identifiers(i)} for i in range(PEOPLE)
        )
    return mapping


def amended(shop: Workshop, **changes: Any) -> None:
    text = shop.amendment_text(**changes)
    with shop.acting("oliver") as act:
        amend_project(act, PROJECT, text)


def run(shop: Workshop) -> None:
    shop.ids["run"] = shop.ask_for_run()
    shop.do(Job.LINK, shop.ids["run"])


def fishing(shop: Workshop) -> None:
    """The registry's next delivery knows everybody; half of the practices' patients are in its first."""
    done = len(shop.enqueued())
    shop.receive(shop.desk(REGISTRY).deliver(shop.home.root / "desks" / "fishing", of_everybody, counter=2))
    shop.drain(done=done)
    run(shop)


def test_a_delivery_that_is_linked_to_far_more_people_than_before_is_held_back(at: At) -> None:
    shop = at("finished")
    before = crosswalk(shop)
    fishing(shop)
    run_failed(shop, RefusalCode.MATCH_RATE_UNEXPECTED)
    assert crosswalk(shop).equals(before)
    last = shop.entries()[-1]
    assert (last.action.value, last.subject) == ("linkage-run:fail", shop.ids["run"])
    # Asked for again it is held back again: who wants it to pass has to say so in the permit.
    run(shop)
    run_failed(shop, RefusalCode.MATCH_RATE_UNEXPECTED)


def test_governance_says_in_the_permit_that_so_many_are_expected(at: At) -> None:
    shop = at("finished")
    fishing(shop)
    expected = MatchRate(provider_id=PRACTICES, linked_to=REGISTRY, least_percent=90)
    amended(shop, match_rates=(expected,))
    run(shop)
    assert shop.run(shop.ids["run"]).state is RunState.LINKED


def test_a_first_run_is_held_to_what_the_permit_says(at: At) -> None:
    shop = at("accepted")
    amended(shop, match_rates=(MatchRate(provider_id=REGISTRY, linked_to=PRACTICES, most_percent=50),))
    run(shop)
    run_failed(shop, RefusalCode.MATCH_RATE_UNEXPECTED)
