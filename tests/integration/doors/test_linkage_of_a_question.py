"""The same question by surer links alone, and by more links, in one history of releases.

60 people with cancer among 460. Of the links of their records in the registry some are sure, some likely,
and some unlikely.
"""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import pyarrow as pa
import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.contract.specification import Linkage
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.linked_data import LEVELS, NUMBERS
from linkage_engine.sealing.seal import seal_bytes
from tests.factories import NOON, PROJECT, a_specification
from tests.integration.doors.test_emergency_through_the_doors import (
    DELIVERIES,
    PARTS,
    PEOPLE,
    WITH_CANCER,
    an_inside,
    answered,
    key,
    parquet,
    receive,
)
from tests.spec.drawn_emergency import an_emergency_spec
from tests.unit.boundary.doors import crosswalk_of

RELEASES = {"primary": "a" * 32, "strict": "b" * 32, "lenient": "c" * 32}


def crosswalk(*, likely: int, unlikely: int) -> pa.Table:
    """Of those in the registry the first are likely the practice's person, the last ones unlikely."""
    rows = []
    for provider, delivery in DELIVERIES.items():
        for n in PEOPLE:
            is_apart = provider == "registry" and WITH_CANCER - unlikely <= n < WITH_CANCER
            rows.append((provider, key(n), f"apart{n}" if is_apart else f"link{n}", delivery))
    table = crosswalk_of(rows, "a-run")
    lenient = [f"lenient {link_id.replace('apart', 'link')}" for link_id in table["link_id"].to_pylist()]
    strict = [
        f"strict {provider} {n}" if provider == "registry" and n < likely else f"strict {link_id}"
        for provider, link_id, n in zip(
            table["provider_id"].to_pylist(),
            table["link_id"].to_pylist(),
            [*PEOPLE] * len(DELIVERIES),
            strict=True,
        )
    ]
    for name, ids in (("link_id_strict", strict), ("link_id_lenient", lenient)):
        table = table.set_column(table.column_names.index(name), name, pa.array(ids))
    return table


def an_analysis(folder: Path, *, likely: int, unlikely: int) -> AnalysisDoor:
    door = AnalysisDoor(an_inside(folder / "analysis"))
    for name in PARTS:
        receive(door, name, *PARTS[name])
    plain = parquet(crosswalk(likely=likely, unlikely=unlikely))
    sealed = seal_bytes(plain, recipients=[door.inside.identity.recipient], random=secrets.token_bytes)
    door.receive_crosswalk(io.BytesIO(sealed), PROJECT)
    return door


def prevalence(linkage: Linkage) -> QuerySpec:
    return a_specification(breakdowns=()).model_copy(update={"linkage": linkage})


def emergency(linkage: Linkage) -> QuerySpec:
    asked = an_emergency_spec(events=("emergency_admission",))
    return asked.model_copy(update={"project_id": PROJECT, "linkage": linkage})


def released(door: AnalysisDoor, gate: GateDoor, spec: QuerySpec) -> Evidence:
    return gate.control(
        io.BytesIO(answered(door, gate, spec)),
        SignedQuestion(asked_by="rosalind", asked_at=NOON, nonce="ab" * 16, specification=spec),
        release_id=RELEASES[spec.linkage],
        policy="nhs-cancer-default",
        specification_sha256="ef" * 32,
    )


def first(evidence: Evidence) -> float | CellStatus:
    """The first number of the only row: people with cancer, or cases."""
    told = evidence.table.rows[0].values[0]
    return told.status if told.value is None else told.value


def test_low_central_and_high_are_three_answers_of_one_data(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, likely=20, unlikely=12), GateDoor(an_inside(tmp_path / "gate"))
    low, central, high = (
        released(door, gate, prevalence(level)) for level in ("strict", "primary", "lenient")
    )
    assert [each.exact[0][:2] for each in (low, central, high)] == [(28, 460), (48, 460), (60, 460)]
    assert [first(each) for each in (low, central, high)] == [27, 45, 57]


def test_few_whom_surer_links_leave_out_are_within_what_numbers_are_rounded_to(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, likely=4, unlikely=0), GateDoor(an_inside(tmp_path / "gate"))
    low, central, high = (
        released(door, gate, prevalence(level)) for level in ("strict", "primary", "lenient")
    )
    assert [each.exact[0][0] for each in (low, central, high)] == [56, 60, 60]
    assert {first(each) for each in (low, central, high)} == {57}


def test_each_level_is_one_more_observation_of_the_same_outcome(tmp_path: Path) -> None:
    """All three are about the same population; what is learnt of its outcome adds up."""
    door, gate = an_analysis(tmp_path, likely=4, unlikely=4), GateDoor(an_inside(tmp_path / "gate"))
    told = [released(door, gate, prevalence(level)).history for level in ("primary", "strict", "lenient")]
    assert [each.outcomes[0].ways for each in told] == [1, 2, 3]
    assert len({each.outcomes[0].outcomes for each in told}) == 1


def test_cases_that_differ_by_few_are_withheld_the_second_time(tmp_path: Path) -> None:
    """Four cases whom only the surest links leave out: from both tables one would know of these four."""
    door, gate = an_analysis(tmp_path, likely=4, unlikely=0), GateDoor(an_inside(tmp_path / "gate"))
    assert first(released(door, gate, emergency("primary"))) == 57
    assert first(released(door, gate, emergency("strict"))) is CellStatus.CONFIDENTIAL
    assert first(released(door, gate, emergency("lenient"))) == 57, "the same people"


def test_cases_that_differ_by_many_are_told(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, likely=20, unlikely=0), GateDoor(an_inside(tmp_path / "gate"))
    assert first(released(door, gate, emergency("primary"))) == 57
    assert first(released(door, gate, emergency("strict"))) == 39


def test_what_was_linked_before_levels_were_numbered_is_linked_again_first(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, likely=4, unlikely=0), GateDoor(an_inside(tmp_path / "gate"))
    door.inside.vault.remove(PROJECT, NUMBERS[LEVELS["strict"]])
    with pytest.raises(QueryRefused) as refusal:
        answered(door, gate, prevalence("strict"))
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA
    answered(door, gate, prevalence("primary"))
