"""The api under its own role in a real PostgreSQL: every route answers as the table of the matrix says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations.rights import RIGHTS, Process
from migrations.roles import give_rights, make_roles, role_of
from service.database import engine_for
from service.projects.amendments import digest_of
from tests.api.test_matrix import expected, ids_of, request
from tests.api.test_mirror import send as veto
from tests.api.test_mirror import veto_text
from tests.api.test_tightenings import a_text as tightening_text
from tests.api.test_tightenings import send as tighten
from tests.at_browser import Browser, passkey_of, signed_in, uses
from tests.at_work import STAGES, AtWork, Prepared, at_work
from tests.factories import PROJECT, a_permit
from tests.statements import Asked, given

pytestmark = [
    pytest.mark.outside(tool="postgresql"),
    pytest.mark.parametrize("databases", ["postgresql"], indirect=True),
]

UNUSED = {"update project.valid_from"}
"""Amended with the other dates, where it is another day."""


@pytest.fixture
def divided(tmp_path: Path, shared: Prepared, copied: Callable[[str], str]) -> Iterator[tuple[AtWork, Asked]]:
    url = copied(shared.urls["empty"])
    engine = engine_for(url)
    with engine.begin() as connection:
        make_roles(connection, dict.fromkeys(Process, "made up"))
        give_rights(connection)
    engine.dispose()
    owner = sa.make_url(url)
    role = role_of(str(owner.database), Process.API)
    own, asked = owner.set(username=role).render_as_string(), Asked()
    with at_work(tmp_path, shared, own, owner_url=url) as service:
        here = service.here
        asked.listen(factory.kw["bind"] for factory in (here.sessions, here.view_sessions))
        yield service, asked


def _walk(service: AtWork) -> dict[tuple[str, str, str], int]:
    """Every route, asked by everybody, where the answer is another than the table's."""
    wrong, ids = {}, ids_of(service)
    for (method, path), row in sorted(expected().items()):
        if "{upload_id}" in path:
            ids["upload_id"] = service.begin("northern-trust", 10).headers["location"].rpartition("/")[2]
        for who, status in row.items():
            answer = request(service, who, method, path, ids)
            if answer.status_code != status:
                wrong[method, path, who] = answer.status_code
    return wrong


def people_at_browsers(service: AtWork) -> None:
    """A wrong code, reading a while later, signing out; then a passkey in place of the app."""
    browser = signed_in(service)
    wrong = {"name": "rosalind", "code": "000000"}
    assert Browser(service).send("POST", "/sign-in", data=wrong).status_code == 401
    service.clock.forward(minutes=2)
    assert browser.reads() == 200
    assert browser.send("POST", "/sign-out").status_code == 303
    passkey = passkey_of(service)
    passkey.counter = 1
    assert uses(service, passkey).status_code == 200


def test_the_api_answers_as_ever_under_its_own_role_with_just_the_rights_it_uses(
    divided: tuple[AtWork, Asked],
) -> None:
    service, asked = divided
    for step in STAGES.values():
        step(service)
    service.bring_log_up_to_date()
    assert _walk(service) == {}
    assert service.sign_in(service.assertion("rosalind")).status_code == 200
    people_at_browsers(service)
    release_id = service.release_id()
    assert veto(service, veto_text(service, release_id), release_id).status_code == 201
    assert tighten(service, tightening_text(service)).status_code == 201
    assert [service.decide(name, release_id).status_code for name in ("cheng", "carol")] == [201, 201]
    parties = tuple(one for one in a_permit(service.insiders()).parties if one.principal_id != "chidi")
    amended = service.amendment(parties=parties, title="Another title", valid_to=date(2026, 4, 20))
    assert service.amend(amended).status_code == 201
    assert service.get("oliver", f"/projects/{PROJECT}").status_code == 200  # which warns of its end
    place = service.begin("southern-trust", 10).headers["location"]
    service.clock.forward(seconds=1)  # or the upload would end when it did before
    assert service.append("southern-trust", place, 0, b"ten bytes!").status_code == 204
    service.clock.forward(days=2)
    service.tokens.clear()
    assert service.begin("southern-trust", 10).status_code == 201
    over = {"sequence": 3, "amends": digest_of(amended), "closed_on": service.clock().date()}
    closing = service.amendment(parties=parties, title="Another title", valid_to=date(2026, 4, 20), **over)
    assert service.amend(closing).status_code == 201
    assert service.get("oliver", f"/projects/{PROJECT}/destruction").json()["state"] == "received"
    service.bring_log_up_to_date()
    service.client.get("/log/checkpoint")
    rights = {right for right in asked.rights if "workflow_" not in right}
    assert sorted((rights | UNUSED) ^ given(RIGHTS[Process.API])) == []
