"""Workers hold a project to the strictest that its providers signed for, and go on doing so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import Tightened, Tightening
from service.jobs import Job
from service.mirror.actions import tighten
from service.queries.rules import QueryState
from service.signed import TextType, sign
from service.worker.tightenings import together
from tests.factories import NOON, PROJECT
from tests.integration.cast import POLICY
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY
from tests.integration.refusing import query_failed
from tests.integration.workshop import Workshop


def a_text(shop: Workshop, signer: str = REGISTRY, **changes: Any) -> str:
    said = {
        "project_id": PROJECT,
        "provider_id": REGISTRY,
        "policy": POLICY,
        "least_persons": 25,
        "reason": "Few",
    }
    made = Tightening.model_validate({**said, "tightened_at": shop.clock(), **changes})
    return sign(made, shop.people[signer].key, TextType.TIGHTENING)


def tightened(shop: Workshop, **changes: Any) -> None:
    with shop.acting(REGISTRY) as act:
        tighten(act, PROJECT, a_text(shop, **changes))


def threshold(shop: Workshop) -> int:
    evidence, _ = shop.evidence("cheng", shop.ids["query"])
    return evidence.table.record.threshold


def test_without_a_tightening_the_permits_policy_holds(at: At) -> None:
    shop = at("answered")
    shop.do(Job.CONTROL, shop.ids["query"])
    assert threshold(shop) < 25


def test_the_gate_holds_a_table_to_the_larger_threshold(at: At) -> None:
    shop = at("answered")
    tightened(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    assert threshold(shop) == 25
    evidence, _ = shop.evidence("cheng", shop.ids["query"])
    shown = [v.value for row in evidence.table.rows for v in row.values if v.value is not None]
    assert all(value == 0 or value >= 25 for value in shown)


def test_rows_that_are_taken_away_bring_nothing_back(at: At) -> None:
    shop = at("answered")
    tightened(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    note = shop.home.vault("gate") / "tightenings" / f"{PROJECT}.json"
    assert Tightened.model_validate_json(note.read_bytes()).least_persons == 25
    shop.change("DELETE FROM policy_tightening")
    shop.ids["query"] = shop.ask()
    shop.do(Job.ANSWER, shop.ids["query"])
    shop.do(Job.CONTROL, shop.ids["query"])
    assert threshold(shop) == 25


@pytest.mark.parametrize(
    "forged",
    [
        ("rosalind", {}),
        (PRACTICES, {}),
        (REGISTRY, {"project_id": "another-project"}),
        (REGISTRY, {"policy": "not-shipped"}),
    ],
    ids=["a researcher's", "another provider's", "of another project", "of no policy"],
)
def test_what_no_provider_signed_tightens_nothing(at: At, forged: tuple[str, dict[str, str]]) -> None:
    shop = at("answered")
    tightened(shop)
    signer, changes = forged
    shop.change("UPDATE policy_tightening SET tightening = :text", text=a_text(shop, signer, **changes))
    shop.do(Job.CONTROL, shop.ids["query"])
    assert threshold(shop) < 25


def test_a_note_that_cannot_be_read_stops_the_answer(at: At) -> None:
    shop = at("answered")
    note = shop.home.vault("gate") / "tightenings" / f"{PROJECT}.json"
    note.parent.mkdir(parents=True)
    note.write_text("[]")
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, RefusalCode.VAULT_DAMAGED)
    assert shop.query(shop.ids["query"]).state is QueryState.FAILED


def test_linkage_figures_are_held_to_it_too(at: At) -> None:
    shop = at("run-asked")
    tightened(shop)
    shop.do(Job.LINK, shop.ids["run"])
    figures = shop.run(shop.ids["run"]).figures
    assert figures is not None
    assert figures["effective_threshold"] >= 25


def test_the_strictest_of_all_counts() -> None:
    def said(policy: str, least: int | None) -> Tightening:
        return Tightening(
            project_id=PROJECT,
            provider_id="north",
            policy=policy,
            least_persons=least,
            reason="Few",
            tightened_at=NOON,
        )

    assert together(Tightened(), ()) == Tightened()
    found = together(
        Tightened(policies=("nhse-sde",), least_persons=15), (said("opensafely", None), said("nhse-sde", 12))
    )
    assert found == Tightened(policies=("nhse-sde", "opensafely"), least_persons=15)
    assert together(found, (said("nhs-cancer-default", 30),)) == Tightened(
        policies=("nhs-cancer-default",), least_persons=30
    )


def test_a_full_disk_stops_the_answer(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError

    shop = at("answered")
    tightened(shop)
    monkeypatch.setattr("service.worker.tightenings.replace_bytes", full)
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, RefusalCode.VAULT_FULL)
