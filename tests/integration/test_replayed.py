"""What was really signed once and is put back by whoever writes database and spool: it is not believed."""

from __future__ import annotations

from linkage_engine.contract.refusals import RefusalCode
from service.jobs import Job
from service.linkage_runs.rules import RunState
from service.submissions.rules import SubmissionState
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, practice_files
from tests.integration.refusing import run_failed
from tests.integration.workshop import Workshop


def linked(shop: Workshop) -> str:
    run = shop.ask_for_run()
    shop.do(Job.LINK, run)
    return run


def received(shop: Workshop, run: str) -> None:
    shop.do(Job.RECEIVE_CROSSWALK, run)
    assert shop.run(run).state is RunState.FINISHED


def put_back(shop: Workshop, run: str, state: RunState) -> None:
    shop.change(
        "UPDATE linkage_run SET state = :state, code = NULL WHERE id = :id", id=run, state=state.value
    )
    shop.ids["run"] = run


def test_a_crosswalk_from_before_is_not_received_again(at: At) -> None:
    shop = at("finished")
    first, second = shop.ids["run"], linked(shop)
    received(shop, second)
    received_again = shop.run(second)
    put_back(shop, first, RunState.LINKED)
    shop.do(Job.RECEIVE_CROSSWALK, first)
    run_failed(shop, RefusalCode.HAND_OVER_OUTDATED)
    # The same one again is a job that came twice, and no replay.
    put_back(shop, second, RunState.LINKED)
    received(shop, second)
    assert received_again.id == second


def test_a_crosswalk_from_before_under_a_later_runs_name_is_not_received(at: At) -> None:
    shop = at("finished")
    first, second = shop.ids["run"], linked(shop)
    folder = shop.spool / "hand-overs" / "linkage"
    for suffix in (".age", ".jws"):
        (folder / f"crosswalk-{second}{suffix}").write_bytes(
            (folder / f"crosswalk-{first}{suffix}").read_bytes()
        )
    shop.do(Job.RECEIVE_CROSSWALK, second)
    shop.ids["run"] = second
    run_failed(shop, RefusalCode.HAND_OVER_INVALID)


def test_a_delivery_from_before_is_not_linked_again(at: At) -> None:
    shop = at("finished")
    before = shop.ids[PRACTICES]
    folder, done = shop.home.root / "desks" / "again", len(shop.enqueued())
    shop.receive(shop.desk(PRACTICES).deliver(folder, practice_files, counter=2))
    shop.drain(done=done)
    received(shop, linked(shop))
    newer, older = SubmissionState.ACCEPTED.value, SubmissionState.SUPERSEDED.value
    assert shop.submission(before).state.value == older
    shop.change(
        "UPDATE submission SET state = CASE WHEN id = :before THEN :newer ELSE :older END "
        "WHERE provider_id = :provider",
        before=before,
        newer=newer,
        older=older,
        provider=PRACTICES,
    )
    shop.ids["run"] = linked(shop)
    run_failed(shop, RefusalCode.DELIVERY_OUTDATED)
    notes = shop.home.vault("linkage") / "newest" / PROJECT / "deliveries"
    assert f"{PRACTICES}.json" in {path.name for path in notes.iterdir()}
