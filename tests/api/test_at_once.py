"""Several people, or one in a hurry, do the same thing at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Response

from tests.at_work import AtWork
from tests.factories import PROJECT

pytestmark = pytest.mark.both_databases

THREADS = 6


def at_once(*acts: Callable[[], Response]) -> list[int]:
    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(answer.status_code for answer in threads.map(lambda act: act(), acts))


def test_a_checker_who_decides_six_times_at_once_has_decided_once(awaiting: AtWork) -> None:
    release_id = awaiting.release_id()
    awaiting.token("cheng")
    texts = [awaiting.decision("cheng", release_id) for _ in range(THREADS)]
    path = f"/releases/{release_id}/decisions"
    acts = [lambda text=text: awaiting.post("cheng", path, {"decision": text}) for text in texts]
    assert at_once(*acts) == [201] + [409] * (THREADS - 1)
    assert awaiting.get("cheng", f"/releases/{release_id}").json()["decisions_made"] == 1


def test_three_checkers_at_once_release_by_two(awaiting: AtWork) -> None:
    release_id = awaiting.release_id()
    names = ("cheng", "carol", "chidi")
    for name in names:
        awaiting.token(name)
    acts = [lambda name=name: awaiting.decide(name, release_id) for name in names]
    assert at_once(*acts) == [201, 201, 409]
    assert Counter(awaiting.jobs())[f"sign-release:{release_id}"] == 1


def test_the_same_bytes_sent_six_times_at_once_are_one_delivery(project: AtWork) -> None:
    package = project.package("northern-trust")
    project.token("northern-trust")
    acts = [lambda: project.send("northern-trust", package)] * THREADS
    assert at_once(*acts) == [200] * (THREADS - 1) + [201]
    assert len(list((project.here.settings.spool / "submissions").iterdir())) == 1
    assert len(project.jobs()) == 2


def test_the_same_piece_sent_six_times_at_once_is_written_once(project: AtWork) -> None:
    place = project.begin("northern-trust", 400_000).headers["location"]
    data = project.random(200_000)
    acts = [lambda: project.append("northern-trust", place, 0, data)] * THREADS
    statuses = at_once(*acts)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 423}
    (file,) = (project.here.settings.spool / "uploads").iterdir()
    assert file.read_bytes() == data


def test_an_upload_finished_six_times_at_once_is_one_delivery(project: AtWork) -> None:
    upload_id = project.uploaded("northern-trust", project.package("northern-trust"))
    acts = [lambda: project.finish("northern-trust", upload_id)] * THREADS
    statuses = at_once(*acts)
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 423}
    assert len(list((project.here.settings.spool / "submissions").iterdir())) == 1
    assert len(project.jobs()) == 2


def test_an_assertion_used_six_times_at_once_gives_one_token(service: AtWork) -> None:
    assertion = service.assertion("rosalind")
    acts = [lambda: service.sign_in(assertion)] * THREADS
    assert at_once(*acts) == [200] + [401] * (THREADS - 1)


def test_a_question_asked_six_times_at_once_is_one_query(linked: AtWork) -> None:
    body = {"question": linked.question()}
    linked.token("rosalind")
    acts = [lambda: linked.post("rosalind", f"/projects/{PROJECT}/queries", body)] * THREADS
    assert at_once(*acts) == [200] * (THREADS - 1) + [202]
