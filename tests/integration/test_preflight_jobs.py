"""A pre-flight's jobs: done once through crashes, believed only as signed, and nothing decided by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.contract.query_spec import PrevalenceParameters
from linkage_engine.contract.refusals import RefusalCode
from service.jobs import Job
from service.queries.actions import ask_query
from service.queries.rules import QueryKind, QueryState
from service.signed import TextType, sign
from tests.factories import PROJECT, a_question, a_specification
from tests.integration.cast import INDEX_DATE
from tests.integration.conftest import At
from tests.integration.refusing import Break, put_permit
from tests.integration.workshop import Workshop


def asked(shop: Workshop) -> str:
    """A pre-flight of the story's question."""
    asker = shop.people["rosalind"]
    specification = a_specification(parameters=PrevalenceParameters(index_date=INDEX_DATE))
    question = a_question(asker, random=shop.random, specification=specification)
    with shop.acting("rosalind") as act:
        text = sign(question, asker.key, TextType.PREFLIGHT)
        return ask_query(act, PROJECT, text, QueryKind.PREFLIGHT)[0].id


def vault_of_the_gate(shop: Workshop) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in shop.home.vault("gate").rglob("*.parquet")}


def test_a_preflight_is_counted_foreseen_and_told_and_decides_nothing(at: At) -> None:
    shop = at("controlled")
    before, done = vault_of_the_gate(shop), len(shop.enqueued())
    preflight_id = asked(shop)
    assert shop.drain(done=done) == [Job.COUNT_POPULATIONS, Job.FORESEE]
    told = shop.query(preflight_id)
    assert told.figures is not None
    assert (told.state, told.figures["asked"]) == (QueryState.CONTROLLED, {"cells": 4, "hidden": 1})
    assert vault_of_the_gate(shop) == before
    assert not (shop.spool / "evidence" / preflight_id).exists()


def test_jobs_that_come_again_at_any_time_change_nothing(at: At) -> None:
    """As after a crash between a job's work and its end."""
    shop = at("finished")
    preflight_id = asked(shop)
    for job in (Job.COUNT_POPULATIONS, Job.COUNT_POPULATIONS, Job.FORESEE):
        shop.do(job, preflight_id)
    settled = shop.everything()
    for job in (Job.FORESEE, Job.COUNT_POPULATIONS, Job.FORESEE):
        shop.do(job, preflight_id)
        shop.fail(job, preflight_id)
    assert shop.everything() == settled


@pytest.mark.parametrize("job", [Job.COUNT_POPULATIONS, Job.FORESEE])
def test_a_job_that_fails_for_good_ends_the_preflight(at: At, job: Job) -> None:
    shop = at("finished")
    preflight_id = asked(shop)
    shop.fail(job, preflight_id)
    told = shop.query(preflight_id)
    assert (told.state, told.code) == (QueryState.FAILED, RefusalCode.UNFORESEEN)


REFUSED: dict[str, tuple[Break, RefusalCode]] = {
    "signed to be answered": (
        lambda shop: shop.change("UPDATE query SET question = :text", text=shop.question_text()),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "under an expired permit": (
        lambda shop: shop.clock.forward(days=30 * 365),
        RefusalCode.PERMIT_NOT_LIVE,
    ),
    "under a policy that nobody ships": (
        lambda shop: put_permit(shop, shop.permit_text(policy="anything-goes")),
        RefusalCode.UNKNOWN_POLICY,
    ),
    "under a policy that does not round": (
        lambda shop: put_permit(shop, shop.permit_text(policy="acro-default")),
        RefusalCode.MECHANISM_NOT_AVAILABLE,
    ),
    "of populations that somebody changed": (
        lambda shop: next((shop.spool / "hand-overs" / "analysis").glob("populations-*.age")).write_bytes(
            b"other"
        ),
        RefusalCode.HAND_OVER_INVALID,
    ),
}


@pytest.mark.parametrize("preflight", REFUSED)
def test_no_such_preflight_is_foreseen(at: At, preflight: str) -> None:
    shop, (act, code) = at("finished"), REFUSED[preflight]
    preflight_id = asked(shop)
    shop.do(Job.COUNT_POPULATIONS, preflight_id)
    act(shop)
    shop.do(Job.FORESEE, preflight_id)
    told = shop.query(preflight_id)
    assert (told.state, told.code, told.figures) == (QueryState.FAILED, code, None)


def test_a_preflight_is_never_answered(at: At) -> None:
    """Whoever can write to the database cannot make a question of it: it was signed as something else."""
    shop = at("finished")
    preflight_id = asked(shop)
    shop.do(Job.ANSWER, preflight_id)
    assert shop.query(preflight_id).code == RefusalCode.SIGNATURE_INVALID
    assert not list((shop.spool / "hand-overs" / "analysis").glob("aggregates-*"))


def test_what_is_told_names_no_cell_and_no_reason(at: At) -> None:
    shop = at("finished")
    preflight_id = asked(shop)
    for job in (Job.COUNT_POPULATIONS, Job.FORESEE):
        shop.do(job, preflight_id)
    told = shop.query(preflight_id).figures
    assert told is not None
    assert "Female" not in json.dumps(told)
    assert set(told["asked"]) == {"cells", "hidden"}
    assert [each["change"] for each in told["coarser"]] == ["without"]
