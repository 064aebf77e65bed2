"""A project whose permit names a policy that hides numbers and rounds none, from question to signature."""

from __future__ import annotations

import csv

from service.audit.entry import Entry
from service.jobs import Job
from service.releases.package import release_folder
from service.releases.rules import ReleaseState
from tests.integration.cast import CHECKERS
from tests.integration.conftest import At
from tests.integration.extracts import EXACT
from tests.integration.refusing import put_permit


def test_exact_numbers_are_released_and_enough_of_them_hidden_to_protect_nobody_s_cell(at: At) -> None:
    """Of no known sex there is nobody, which the policy protects: another sex is hidden with it."""
    shop = at("answered")
    put_permit(shop, shop.permit_text(policy="acro-default"))
    query = shop.ids["query"]
    shop.do(Job.CONTROL, query)
    evidence, _ = shop.evidence("cheng", query)
    assert evidence.suppression is not None
    assert (evidence.suppression.determined, evidence.suppression.undecided) == (0, 0)
    for checker in CHECKERS:
        shop.approve(checker, query)
    shop.do(Job.SIGN_RELEASE, query)
    assert shop.release(query).state is ReleaseState.SIGNED
    with (release_folder(shop.spool, query) / "table.csv").open(newline="") as file:
        rows = {row["sex"]: (row["numerator"], row["denominator"]) for row in csv.DictReader(file)}
    for sex, numbers in rows.items():
        assert all(text in ("", str(true)) for text, true in zip(numbers, EXACT[sex], strict=True))
    assert rows["Not known or not specified"] == ("", "")
    for at_column in (0, 1):
        assert sorted(not numbers[at_column] for numbers in rows.values()) == [False, False, True, True]
    entry: Entry = shop.entries()[-1]
    assert entry.subject.endswith(query)
