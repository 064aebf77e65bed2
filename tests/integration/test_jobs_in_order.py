"""The whole path by its jobs, in one process, and every job twice."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping

import pytest

from linkage_engine.contract.statements import ReleaseStatement
from service.audit.vocabulary import Action
from service.jobs import Job
from service.releases.package import release_folder
from service.releases.rules import ReleaseState
from service.signed import TextType, verified
from tests.integration.cast import CHECKERS
from tests.integration.conftest import At
from tests.integration.extracts import EXACT, PRACTICES, REGISTRY
from tests.integration.stages import STORY

PAYLOADS = {REGISTRY: {"cancer_registration": 80, "death": 4}, PRACTICES: {"gp_registration": 160}}
MIDPOINT6 = {"Male": ("27", "63"), "Female": ("33", "87"), "Total": ("63", "153")}
"""The counts of EXACT, each in the middle of its six: 25 to 30 is 27."""


def test_the_jobs_are_put_in_line_as_the_story_goes(at: At) -> None:
    shop = at("signed")
    order = [job for job, _ in shop.enqueued()]
    assert order == [
        *(Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD) * 2,
        Job.LINK,
        Job.RECEIVE_CROSSWALK,
        Job.ANSWER,
        Job.CONTROL,
        Job.SIGN_RELEASE,
    ]


def test_deliveries_are_accepted_with_counts_and_reports(at: At) -> None:
    shop = at("accepted")
    for provider, payloads in PAYLOADS.items():
        submission_id = shop.ids[provider]
        assert shop.submission(submission_id).state.value == "accepted"
        for name, rows in payloads.items():
            part = shop.part(submission_id, name)
            assert (part.state.value, part.rows) == ("unsealed", rows)
            assert part.report is not None
        assert shop.part(submission_id, "identifiers").report is None


def test_a_run_gives_figures_and_no_row(at: At) -> None:
    shop = at("finished")
    run = shop.run(shop.ids["run"])
    assert (run.state.value, run.records) == ("finished", 240)
    assert run.figures is not None
    figures = run.figures["pairs"][f"{REGISTRY}:{PRACTICES}"]
    shown = [figures[name]["value"] for name in ("records_a", "records_b", "links")]
    assert shown == [81, 159, None]  # everybody in the registry is linked: that would be told of each of them


def test_what_is_released_is_the_hand_count_rounded(at: At) -> None:
    shop = at("signed")
    folder = release_folder(shop.spool, shop.ids["query"])
    with (folder / "table.csv").open(newline="") as file:
        rows = {row["sex"]: (row["numerator"], row["denominator"]) for row in csv.DictReader(file)}
    assert {sex: rows[sex] for sex in MIDPOINT6} == MIDPOINT6
    assert rows["Not known or not specified"] == ("", "")


def test_checkers_saw_the_exact_hand_count(at: At) -> None:
    shop = at("controlled")
    evidence, _ = shop.evidence("cheng", shop.ids["query"])
    exact = {row.labels[0]: b[:2] for row, b in zip(evidence.table.rows, evidence.exact, strict=True)}
    assert exact == EXACT


def test_the_gate_signs_exactly_the_files_that_it_left(at: At) -> None:
    shop = at("signed")
    release = shop.release(shop.ids["query"])
    assert release.state is ReleaseState.SIGNED
    statement = verified(str(release.statement), (shop.pins.release_key,), TextType.RELEASE, ReleaseStatement)
    folder = release_folder(shop.spool, release.id)
    left = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert left == {file.name: file.sha256 for file in statement.files}
    assert statement.approved_by == tuple(sorted(CHECKERS))
    asked = json.loads((folder / "query.json").read_text())
    assert asked["question"]["asked_by"] == "rosalind"


def test_every_step_is_in_the_log(at: At) -> None:
    actions = [entry.action for entry in at("signed").entries()]
    for action in (
        Action.PART_UNSEAL,
        Action.SUBMISSION_ACCEPT,
        Action.LINKAGE_RUN_FINISH,
        Action.PERSON_SPINE_CHANGE,
        Action.CROSSWALK_RECEIVE,
        Action.QUERY_ANSWER,
        Action.TABLE_CONTROL,
        Action.RELEASE_SIGN,
    ):
        assert action in actions


REPEATED: Mapping[Job, tuple[str, str]] = {
    Job.UNSEAL_IDENTIFIERS: ("accepted", REGISTRY),
    Job.UNSEAL_PAYLOAD: ("accepted", PRACTICES),
    Job.LINK: ("linked", "run"),
    Job.RECEIVE_CROSSWALK: ("finished", "run"),
    Job.ANSWER: ("answered", "query"),
    Job.CONTROL: ("controlled", "query"),
    Job.SIGN_RELEASE: ("signed", "query"),
}


def test_every_job_of_the_path_is_repeated_here() -> None:
    of_a_preflight = {Job.COUNT_POPULATIONS, Job.FORESEE}  # repeated in test_preflight_jobs
    of_a_destruction = {job for job in Job if job.startswith("shred-")}  # in test_destructions
    of_a_withdrawal = {Job.WITHDRAW_FROM_LINKAGE, Job.WITHDRAW_FROM_ANALYSIS}  # in test_withdrawals
    elsewhere = of_a_preflight | of_a_withdrawal | of_a_destruction
    assert set(REPEATED) == set(Job) - {Job.HEARTBEAT} - elsewhere


@pytest.mark.parametrize("job", REPEATED)
def test_a_job_done_again_changes_nothing(at: At, job: Job) -> None:
    stage, subject = REPEATED[job]
    shop = at(stage)
    before, lined_up = shop.everything(), shop.enqueued()
    shop.do(job, shop.ids[subject])
    assert shop.everything() == before
    assert shop.enqueued() == lined_up


@pytest.mark.parametrize("job", REPEATED)
def test_a_job_done_in_full_cannot_fail_afterwards(at: At, job: Job) -> None:
    stage, subject = REPEATED[job]
    shop = at("signed" if stage != "linked" else "finished")
    before = shop.everything()
    shop.fail(job, shop.ids[subject])
    assert shop.everything() == before


@pytest.mark.parametrize("job", REPEATED)
def test_the_story_goes_on_after_any_job_was_done_twice(at: At, job: Job) -> None:
    stage, subject = REPEATED[job]
    shop = at(stage)
    shop.do(job, shop.ids[subject])
    for step in list(STORY.values())[list(STORY).index(stage) + 1 :]:
        step(shop)
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
