"""Persons left out of a delivery, and persons taken out of a project."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkage_engine.contract import statements
from linkage_engine.contract.manifest import LeftOut, LeftOutReason
from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.unseal.unseal import unseal_bytes
from service.client import RemoteProblem
from service.clock import utc_now
from service.command_line import run
from service.keys import folder_key
from service.provider import withdrawal
from service.provider.main import app
from service.provider.person_keys import PersonKeys, own_secret
from service.provider.withdrawal import Withdrawer, withdraw
from service.signed import TextType, verified
from tests.factories import Chance
from tests.unit.provider.answering import a_client
from tests.unit.provider.desk import Desk
from tests.unit.provider.test_provider_seal import opened


class Taking:
    """A service that takes withdrawals, or refuses them."""

    def __init__(self, refuses_from: int = 1 << 30) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._refuses_from = refuses_from

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 300})
        assert (request.method, request.url.path) == ("POST", "/projects/prevalence-2025/withdrawals")
        if len(self.bodies) == self._refuses_from:
            return httpx.Response(422, json={"type": "/problems/withdrawal-refused"})
        self.bodies.append(json.loads(request.content))
        return httpx.Response(201, json={"withdrawal_id": f"{len(self.bodies):032x}", "state": "received"})


def a_withdrawer(desk: Desk) -> Withdrawer:
    project = ProjectFile.model_validate_json(desk.project.read_text())
    own = own_secret(desk.keys, Chance())
    keys = PersonKeys(own, project_id=project.project_id, provider_id="cancer-registry")
    return Withdrawer("cancer-registry", project, folder_key(desk.keys), keys, utc_now, Chance())


def read(desk: Desk, body: dict[str, Any]) -> tuple[statements.Withdrawal, set[str]]:
    """The statement and the person keys, as each of the two workers opens them."""
    statement = verified(
        body["statement"], (desk.party.signing_key,), TextType.WITHDRAWAL, statements.Withdrawal
    )
    sealed = base64.b64decode(body["sealed"])
    plain, again = (unseal_bytes(sealed, identities=[one]) for one in (desk.linkage, desk.analysis))
    assert plain == again
    return statement, {plain[at : at + 16].hex() for at in range(0, len(plain), 16)}


def test_a_withdrawal_is_the_person_keys_of_the_deliveries(desk: Desk) -> None:
    assert run(app, desk.seal_arguments()) == 0
    sent = set(opened(desk)[1]["identifiers"]["person_key"].to_pylist())
    service, withdrawer = Taking(), a_withdrawer(desk)
    (told,) = withdraw(["CANARY-P1", "CANARY-P2", "CANARY-P3"], withdrawer, a_client(desk, service))
    statement, keys = read(desk, service.bodies[0])
    assert keys == sent
    assert (statement.persons, statement.project_id, told.persons) == (3, "prevalence-2025", 3)
    assert "CANARY" not in json.dumps(service.bodies)


def test_more_persons_than_a_request_takes_are_several_withdrawals(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawal, "MOST_WITHDRAWN", 2)
    service = Taking()
    told = list(withdraw(list("abcde"), a_withdrawer(desk), a_client(desk, service)))
    assert [one.persons for one in told] == [2, 2, 1]
    assert len(set.union(*(read(desk, body)[1] for body in service.bodies))) == 5


def test_the_largest_withdrawal_fits_a_request(desk: Desk) -> None:
    service = Taking()
    persons = [str(i) for i in range(statements.MOST_WITHDRAWN)]
    (told,) = withdraw(persons, a_withdrawer(desk), a_client(desk, service))
    assert told.persons == len(persons)
    assert len(json.dumps(service.bodies[0])) < 1 << 20


def test_what_the_service_refuses_stops_it_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawal, "MOST_WITHDRAWN", 2)
    made = withdraw(list("abcde"), a_withdrawer(desk), a_client(desk, Taking(refuses_from=1)))
    assert next(made).persons == 2
    with pytest.raises(RemoteProblem):
        next(made)


def persons_file(desk: Desk, text: str) -> Path:
    path = desk.folder / "objectors.csv"
    path.write_text(text)
    return path


def test_rows_of_persons_to_leave_out_are_not_sent(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = persons_file(desk, "PATIENTID,ASKED\n CANARY-P1 ,2025\n,2025\nCANARY-P1,2025\nnobody,2025\n")
    options = ["--leave-out", str(path), "--person-column", "PATIENTID"]
    assert run(app, desk.seal_arguments(*options)) == 0
    told = capsys.readouterr().out
    assert "left out (list): 1 persons, 2 rows" in told
    assert "CANARY" not in told
    manifest, tables = opened(desk)
    assert manifest.left_out == (LeftOut(reason=LeftOutReason.LIST, persons=1, rows=2),)
    assert {part.name: part.rows for part in manifest.parts} == {
        "identifiers": 2,
        "cancer_registration": 1,
        "death": 2,
    }
    own = a_withdrawer(desk).person_keys.of(["CANARY-P1"])[0]
    assert own not in tables["identifiers"]["person_key"].to_pylist()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("PATIENTID\nCANARY-P1\nCANARY-P2\n", "has no rows but of persons to be left out"),
        ("PATIENTID\n\n", "has nobody in column PATIENTID"),
        ("OTHER\nCANARY-P1\n", "has no column PATIENTID"),
        ("", "is empty"),
        ('PATIENTID\n"CANARY-P1\n', "a quote is left open"),
    ],
)
def test_a_list_of_persons_that_cannot_be_followed_stops_the_sealing(
    desk: Desk, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    path = persons_file(desk, text)
    options = ["--leave-out", str(path), "--person-column", "PATIENTID"]
    assert run(app, desk.seal_arguments(*options)) == 1
    told = capsys.readouterr()
    assert says in told.err
    assert "CANARY" not in told.out + told.err
    assert not desk.package.exists()


def test_withdrawing_with_a_list_that_is_none_sends_nothing(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    path = persons_file(desk, "OTHER\nCANARY-P1\n")
    where = ["--url", "http://127.0.0.1:9", "--keys", str(desk.keys), "--project", str(desk.project)]
    assert run(app, ["withdraw", str(path), *where]) == 1
    assert "has no column local_person_id" in capsys.readouterr().err
