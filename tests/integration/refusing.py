"""How tests of refusals break an installation, and what they see of a refusal."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from linkage_engine.contract.refusals import RefusalCode
from service.audit.vocabulary import Action, Outcome
from service.linkage_runs.rules import RunState
from service.queries.rules import QueryState
from service.releases.rules import ReleaseState
from service.signed import SigningKey
from service.submissions.rules import PartState, SubmissionState
from tests.integration.workshop import Workshop

Break = Callable[[Workshop], object]
STRANGER = SigningKey.generate()


def put_permit(shop: Workshop, text: str) -> None:
    shop.change("UPDATE project SET permit = :text", text=text)


def open_with(shop: Workshop, text: str) -> None:
    """As if the project had been opened with this permit: no worker has believed another before."""
    put_permit(shop, text)
    for role in ("linkage", "analysis", "gate"):
        shutil.rmtree(shop.home.vault(role) / "permits", ignore_errors=True)


def part_is_rejected(shop: Workshop, provider: str, name: str, code: RefusalCode) -> None:
    part = shop.part(shop.ids[provider], name)
    assert (part.state, part.code) == (PartState.REJECTED, code.value)
    assert shop.submission(shop.ids[provider]).state is SubmissionState.REJECTED
    kept = [path for role in ("linkage", "analysis") for path in shop.home.vault(role).rglob("*.parquet")]
    assert not [path for path in kept if path.stem == name]


def run_failed(shop: Workshop, code: RefusalCode) -> None:
    run = shop.run(shop.ids["run"])
    assert (run.state, run.code) == (RunState.FAILED, code.value)


def query_failed(shop: Workshop, code: RefusalCode) -> None:
    query = shop.query(shop.ids["query"])
    assert (query.state, query.code) == (QueryState.FAILED, code.value)


def release_failed(shop: Workshop, code: RefusalCode) -> None:
    release = shop.release(shop.ids["query"])
    assert (release.state, release.code, release.statement) == (ReleaseState.FAILED, code.value, None)
    assert not (shop.spool / "releases" / release.id).exists()
    last = shop.entries()[-1]
    assert (last.action, last.outcome) == (Action.RELEASE_SIGN, Outcome.FAILED)
