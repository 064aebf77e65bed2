"""The client for notebooks against a made-up service, within httpx's own transport."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from linkage_engine.contract.permit import Role
from service.audit.release import Trust
from service.client import Client, RemoteProblem
from service.keys import make_key_folder
from service.notebook.connect import connect
from service.notebook.researcher import Query, Researcher, explain, specification
from service.problems.problem import Problem
from service.problems.publication import ReleaseNotVerified
from service.problems.results import (
    NotAnswered,
    NotReleased,
    OutsideThePermit,
    SpecificationInvalid,
    SpecificationUnreadable,
)
from service.problems.tools import KeyFolderUnusable
from service.researcher.trial import EXAMPLES
from service.signed import SigningKey, TextType, verified_bytes
from tests.factories import Chance, Watch
from tests.unit.publication.releases import PEOPLE, PREVALENCE, RELEASE_ID, a_package, a_table, files_of

KEY = SigningKey.generate()
SHOWN = {"query_id": RELEASE_ID, "release_id": None, "code": None, "remedy": None, "more": "later"}
NOT_RELEASED = httpx.Response(409, json=NotReleased().as_json())
Answer = httpx.Response


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)


def asked(*, state: str) -> Answer:
    return httpx.Response(202, json=SHOWN | {"state": state})


class Desk:
    """A service that answers in turn and keeps what it was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 300})
        self.requests.append(request)
        return self.answers.pop(0)

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]


@pytest.fixture
def package(tmp_path: Path) -> tuple[Path, Trust]:
    return a_package(tmp_path / "made", files_of(PREVALENCE, a_table(PREVALENCE, PEOPLE)))


@pytest.fixture
def at(package: tuple[Path, Trust]) -> Callable[[Desk], Researcher]:
    def researcher(desk: Desk) -> Researcher:
        http = httpx.Client(base_url="https://service.example", transport=httpx.MockTransport(desk))
        client = Client(http, "rosalind", KEY, clock=Watch(), random=Chance())
        return Researcher(client, KEY, package[1], clock=Watch(), random=Chance())

    return researcher


Connected = Callable[[Desk], Researcher]


# --- questions --------------------------------------------------------------------------


def test_a_question_is_signed_and_asked_of_its_project(at: Connected) -> None:
    desk = Desk(asked(state="asked"))
    query = at(desk).ask(PREVALENCE)
    assert query == Query(RELEASE_ID, "asked", None, None, None)
    assert desk.paths == [f"POST /projects/{PREVALENCE.project_id}/queries"]
    signed = json.loads(desk.requests[0].content)["question"]
    payload, _ = verified_bytes(signed, (KEY.public,), TextType.QUESTION)
    assert json.loads(payload)["specification"] == json.loads(PREVALENCE.to_json())
    assert json.loads(payload)["asked_by"] == "rosalind"


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_question_of_each_template_is_explained(example: Path) -> None:
    assert "Columns:" in explain(example)
    as_map = json.loads(specification(str(example)).to_json())
    assert explain(as_map) == explain(specification(as_map))


def test_what_is_wrong_with_a_map_is_named_and_not_repeated() -> None:
    wrong = json.loads(PREVALENCE.to_json()) | {"breakdowns": ["SECRET"]}
    with pytest.raises(SpecificationInvalid) as refused:
        specification(wrong)
    assert any("breakdowns" in fault["pointer"] for fault in refused.value.facts["faults"])  # type: ignore[index,union-attr]
    assert "SECRET" not in "".join([str(refused.value.facts), *refused.value.__notes__])
    assert any(note.startswith("What to do: ") for note in refused.value.__notes__)


def test_a_name_that_the_catalogue_lacks_is_refused_once_explained(tmp_path: Path) -> None:
    wrong = json.loads(PREVALENCE.to_json())
    wrong["parameters"]["tumour_groups"] = ["no_such_group"]
    with pytest.raises(SpecificationInvalid):
        explain(wrong)
    (tmp_path / "question.yaml").write_text("a: [")
    with pytest.raises(SpecificationUnreadable) as refused:
        explain(tmp_path / "question.yaml")
    assert len([note for note in refused.value.__notes__ if note.startswith("What to do")]) == 1


def test_what_the_service_refuses_is_the_problem_that_it_names(at: Connected) -> None:
    body = OutsideThePermit(faults=[{"pointer": "/template", "code": "not-permitted"}]).as_json()
    with pytest.raises(OutsideThePermit) as refused:
        at(Desk(httpx.Response(403, json=body))).ask(PREVALENCE)
    assert refused.value.facts == {"faults": [{"pointer": "/template", "code": "not-permitted"}]}
    assert f"What to do: {OutsideThePermit.remedy}" in refused.value.__notes__


def test_a_problem_that_we_do_not_know_stays_as_it_came(at: Connected) -> None:
    body = {"type": "/problems/of-the-future", "title": "Of the future", "remedy": "Update."}
    with pytest.raises(RemoteProblem, match="Of the future") as refused:
        at(Desk(httpx.Response(418, json=body))).ask(PREVALENCE)
    assert "What to do: Update." in refused.value.__notes__


# --- waiting ----------------------------------------------------------------------------


def test_waiting_ends_when_the_query_is_settled(at: Connected) -> None:
    desk = Desk(asked(state="asked"), asked(state="answered"), asked(state="controlled"))
    assert at(desk).wait(RELEASE_ID).state == "controlled"
    assert desk.paths == [f"GET /queries/{RELEASE_ID}"] * 3


def test_waiting_ends_when_the_time_is_over(at: Connected) -> None:
    desk = Desk(asked(state="asked"))
    assert at(desk).watch(Query(RELEASE_ID, "asked", None, None, None)).state == "asked"
    assert desk.answers == []


FIGURES = {"asked": {"cells": 3, "hidden": 1}, "coarser": []}


def test_a_preflight_tells_figures(at: Connected) -> None:
    answer = {"preflight_id": "ab" * 16, "state": "answered", "figures": FIGURES}
    desk = Desk(
        httpx.Response(202, json=answer | {"state": "asked", "figures": None}), Answer(200, json=answer)
    )
    told = at(desk).preflight(PREVALENCE)
    assert (told.asked.hidden, told.asked.cells) == (1, 3)
    signed = json.loads(desk.requests[0].content)["question"]
    verified_bytes(signed, (KEY.public,), TextType.PREFLIGHT)


def test_a_preflight_that_is_not_there_in_time_is_not_answered(at: Connected) -> None:
    answer = {"preflight_id": "ab" * 16, "state": "asked", "figures": None}
    with pytest.raises(NotAnswered):
        at(Desk(httpx.Response(202, json=answer))).preflight(PREVALENCE, wait_seconds=0)


# --- releases ---------------------------------------------------------------------------


def test_a_release_is_waited_for_verified_and_kept(
    at: Connected, package: tuple[Path, Trust], tmp_path: Path
) -> None:
    data = package[0].read_bytes()
    desk = Desk(NOT_RELEASED, Answer(200, content=data))
    table = at(desk).fetch(RELEASE_ID, wait_seconds=60, keep=tmp_path / "kept.zip")
    assert table.columns()["numerator"] == [1200, 1500, None, 2700]
    assert (tmp_path / "kept.zip").read_bytes() == data


def test_a_release_that_is_not_there_in_time_is_not_released(at: Connected) -> None:
    with pytest.raises(NotReleased) as refused:
        at(Desk(NOT_RELEASED)).fetch(Query(RELEASE_ID, "controlled", RELEASE_ID, None, None))
    assert any(note.startswith("What to do: ") for note in refused.value.__notes__)


def test_a_touched_package_is_neither_a_table_nor_kept(
    at: Connected, package: tuple[Path, Trust], tmp_path: Path
) -> None:
    data = bytearray(package[0].read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(ReleaseNotVerified):
        at(Desk(Answer(200, content=bytes(data)))).fetch(RELEASE_ID, keep=tmp_path / "kept.zip")
    assert not (tmp_path / "kept.zip").exists()


def test_another_release_than_the_one_asked_for_is_refused(
    at: Connected, package: tuple[Path, Trust]
) -> None:
    with pytest.raises(ReleaseNotVerified) as refused:
        at(Desk(Answer(200, content=package[0].read_bytes()))).fetch("cd" * 16)
    assert "of-another-release" in str(refused.value.facts)


# --- connecting -------------------------------------------------------------------------


def test_a_key_folder_and_the_pins_connect(package: tuple[Path, Trust], tmp_path: Path) -> None:
    make_key_folder(tmp_path / "keys", principal_id="ada", name="Ada", role=Role.RESEARCHER)
    made = package[0].parent
    ada = connect(
        "https://tre.example",
        tmp_path / "keys",
        vkey=made / "log.vkey",
        release_keys=[made / "release-key.jwk"],
    )
    assert (ada.client.principal_id, ada.client.address) == ("ada", "https://tre.example")
    assert "signing" not in repr(ada)
    with ada as same:
        assert same is ada
    with pytest.raises(RuntimeError, match="closed"):
        ada.watch(RELEASE_ID)


def test_what_is_missing_to_connect_is_named(package: tuple[Path, Trust], tmp_path: Path) -> None:
    made = package[0].parent
    pins = {"vkey": made / "log.vkey", "release_keys": [made / "release-key.jwk"]}
    refused: list[tuple[type[Problem], dict[str, object]]] = [
        (KeyFolderUnusable, pins),
        (ReleaseNotVerified, pins | {"vkey": made / "release.zip"}),
    ]
    for kind, given in refused:
        with pytest.raises(kind):
            connect("https://tre.example", tmp_path / "keys", **given)  # type: ignore[arg-type]
