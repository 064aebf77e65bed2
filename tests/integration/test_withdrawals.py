"""A person whom a provider withdraws: out of the next answer, out of the next run, on its word alone."""

from __future__ import annotations

import hashlib

import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from service.jobs import Job
from service.signed import SigningKey, TextType, sign
from service.withdrawals.actions import receive_withdrawal
from service.withdrawals.records import Withdrawal
from service.withdrawals.rules import WithdrawalState
from tests.factories import PROJECT, a_withdrawal
from tests.integration.conftest import At
from tests.integration.extracts import EXACT, PRACTICES, REGISTRY
from tests.integration.refusing import STRANGER
from tests.integration.sealed import own_keys
from tests.integration.workshop import Workshop

JOBS = (Job.WITHDRAW_FROM_LINKAGE, Job.WITHDRAW_FROM_ANALYSIS)
CASES = [f"R{i}" for i in (90, 91, 92)]
"""Three men whose cancer the registry knows; the practices go on knowing them."""


def sealed_list(shop: Workshop, plain: bytes) -> bytes:
    to = shop.desk(REGISTRY).recipients
    recipients = [Recipient.parse(to.linkage), Recipient.parse(to.analysis)]
    return seal_bytes(plain, recipients=recipients, random=shop.random)


def person_keys(local_ids: list[str], provider: str = REGISTRY) -> bytes:
    return b"".join(map(bytes.fromhex, own_keys(provider).of(local_ids)))


def withdrawn(shop: Workshop, plain: bytes | None = None, persons: int = len(CASES)) -> str:
    sealed = sealed_list(shop, person_keys(CASES) if plain is None else plain)
    statement = a_withdrawal(REGISTRY, sealed, persons=persons)
    with shop.acting(REGISTRY) as act:
        text = sign(statement, shop.people[REGISTRY].key, TextType.WITHDRAWAL)
        made, _ = receive_withdrawal(act, PROJECT, text, sealed)
    return made.id


def withdrawal(shop: Workshop, withdrawal_id: str) -> Withdrawal:
    return shop.one(Withdrawal, withdrawal_id)


def men_counted(shop: Workshop) -> tuple[float | None, ...]:
    """Cases and population among men, as checkers see them in an answer to a new question."""
    query_id = shop.ask()
    shop.do(Job.ANSWER, query_id)
    shop.do(Job.CONTROL, query_id)
    evidence, _ = shop.evidence("cheng", query_id)
    exact = {row.labels[0]: b[:2] for row, b in zip(evidence.table.rows, evidence.exact, strict=True)}
    return exact["Male"]


def test_the_next_answer_and_the_next_run_are_without_them(at: At) -> None:
    shop = at("finished")
    assert men_counted(shop) == EXACT["Male"]
    withdrawal_id = withdrawn(shop)
    for job in (*JOBS, *JOBS):  # a job may come twice
        shop.do(job, withdrawal_id)
    assert withdrawal(shop, withdrawal_id).state is WithdrawalState.IN_FORCE
    cases, population = EXACT["Male"]
    assert men_counted(shop) == (cases - 3, population)
    shop.ids["run"] = shop.ask_for_run()
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, shop.ids["run"])
    assert shop.run(shop.ids["run"]).records == 240 - 3
    assert men_counted(shop) == (cases - 3, population)


def test_a_withdrawal_before_anything_was_linked_holds_from_the_first_run_on(at: At) -> None:
    shop = at("run-asked")
    withdrawal_id = withdrawn(shop)
    for job in (*JOBS, Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.do(job, shop.ids["run"] if job not in JOBS else withdrawal_id)
    assert shop.run(shop.ids["run"]).records == 240 - 3


def test_keys_of_another_provider_withdraw_nobody(at: At) -> None:
    shop = at("finished")
    withdrawal_id = withdrawn(shop, person_keys(["G0", "G1"], PRACTICES), persons=2)
    for job in JOBS:
        shop.do(job, withdrawal_id)
    assert men_counted(shop) == EXACT["Male"]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(
    ("plain", "code"),
    [
        (b"", RefusalCode.PERSON_KEYS_INVALID),
        (bytes(16), RefusalCode.PERSON_KEYS_INVALID),
        (bytes(49), RefusalCode.PERSON_KEYS_INVALID),
    ],
)
def test_a_list_of_another_length_is_refused(at: At, job: Job, plain: bytes, code: RefusalCode) -> None:
    shop = at("finished")
    withdrawal_id = withdrawn(shop, plain)
    shop.do(job, withdrawal_id)
    found = withdrawal(shop, withdrawal_id)
    assert (found.state, found.code) == (WithdrawalState.REFUSED, code.value)
    assert men_counted(shop) == EXACT["Male"]


def forged(shop: Workshop, key: SigningKey, **changes: object) -> str:
    """A row that somebody wrote into the database, with a statement of their own."""
    withdrawal_id = withdrawn(shop)
    sealed = withdrawal(shop, withdrawal_id).sealed
    text = sign(a_withdrawal(REGISTRY, sealed, persons=3, **changes), key, TextType.WITHDRAWAL)
    shop.change("UPDATE withdrawal SET statement = :text", text=text)
    return withdrawal_id


@pytest.mark.parametrize("job", JOBS)
def test_nobody_is_withdrawn_on_the_databases_word(at: At, job: Job) -> None:
    shop = at("finished")
    own, researcher = shop.people[REGISTRY].key, shop.people["rosalind"].key
    forgeries = [
        (STRANGER, {}, RefusalCode.SIGNATURE_INVALID),
        (shop.people[PRACTICES].key, {}, RefusalCode.SIGNATURE_INVALID),
        (researcher, {"provider_id": "rosalind"}, RefusalCode.SIGNATURE_INVALID),
        (own, {"provider_id": PRACTICES}, RefusalCode.SIGNATURE_INVALID),
        (own, {"project_id": "another-project"}, RefusalCode.SIGNATURE_INVALID),
        (
            own,
            {"sealed_sha256": hashlib.sha256(b"other").hexdigest()},
            RefusalCode.PART_DIFFERS_FROM_MANIFEST,
        ),
    ]
    for key, changes, code in forgeries:
        withdrawal_id = forged(shop, key, **changes)
        shop.do(job, withdrawal_id)
        assert withdrawal(shop, withdrawal_id).code == code.value
        shop.change("DELETE FROM withdrawal")
    assert men_counted(shop) == EXACT["Male"]


@pytest.mark.parametrize("job", JOBS)
def test_a_withdrawal_whose_job_fails_for_good_says_so(at: At, job: Job) -> None:
    shop = at("finished")
    withdrawal_id = withdrawn(shop)
    shop.fail(job, withdrawal_id)
    assert withdrawal(shop, withdrawal_id).code == RefusalCode.UNFORESEEN.value
