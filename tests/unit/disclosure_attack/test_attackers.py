"""Ten kinds of attackers: strong against a threshold alone, and nothing small follows from our control."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from linkage_engine.laboratory.disclosure.attack.baseline import one_plain_table
from linkage_engine.laboratory.disclosure.attack.cohort import Secret, made_up
from linkage_engine.laboratory.disclosure.attack.kinds import KINDS
from linkage_engine.laboratory.disclosure.attack.run import Asked, AttackEvaluation, evaluate, policy_with
from linkage_engine.laboratory.disclosure.attack.score import score
from linkage_engine.laboratory.disclosure.attack.services import Controlled, forgetting
from linkage_engine.laboratory.disclosure.attack.strategies.trackers import trackers
from linkage_engine.laboratory.disclosure.attack.transcript import attack
from linkage_engine.laboratory.main import app

PERSONS = dict.fromkeys(KINDS, 200) | {"nested-filters": 300, "linked-margins": 100}
STRONG = 0.95
QUESTIONS = dict.fromkeys(KINDS, 8) | {"nested-filters": 12, "linked-margins": 40}
"""As few as leave the attacker strong: the thousands are asked in `make test-deep`."""
DEEP_QUESTIONS, DEEP_PERSONS = 2_000, 600
PLAIN = 0.62
TRACKER, BULK = 0.70, 0.60
"""What may be guessed at the default budget: of an attacker's targets, and of everybody."""


def small(kind: str, over_budget: str = "checker") -> Asked:
    return Asked((kind,), questions=QUESTIONS[kind], persons=PERSONS[kind], over_budget=(over_budget,))


@pytest.mark.parametrize("kind", KINDS)
def test_an_attacker_strong_against_a_threshold_determines_nothing_small(kind: str) -> None:
    (found,) = evaluate(small(kind))
    assert found.attacker_strength >= STRONG
    assert (found.determined_groups, found.determined_persons, found.determined_unlisted) == (0, 0, 0)
    assert found.answered == QUESTIONS[kind]


@pytest.mark.parametrize("kind", ["tracker-pairs", "totals-minus-published", "data-refresh"])
def test_a_control_that_forgets_is_found_out(kind: str) -> None:
    """Admission that publishes everything and a gate that finds all of it safe."""
    (found,) = evaluate(small(kind), decides=forgetting)
    assert found.determined_groups + found.determined_persons > 0


def test_questions_over_the_budget_are_refused_where_the_policy_says_so() -> None:
    asked = Asked(("linked-margins",), questions=8, persons=100, over_budget=("refuse",))
    (found,) = evaluate(asked)
    assert 0 < found.refused < found.questions == 8
    assert found.determined_groups == found.determined_persons == 0
    assert found.bit_accuracy_of_all < found.bit_accuracy_of_all_threshold_only


def one_target(persons: int, questions: int) -> tuple[int, int, int]:
    """Groups, persons and unlisted groups that questions about one person's neighbourhood determine."""
    cohort = made_up(persons, np.random.default_rng(1))
    service = Controlled(cohort, policy_with("checker"), np.random.default_rng(2))
    kind = trackers(sizes=(13, 200), targets=1)
    found = attack(kind, service, cohort.register, questions=questions, random=np.random.default_rng(3))
    assert found.answered == questions
    scored = score(cohort, found, np.random.default_rng(4), search=True)
    return scored.determined_groups, scored.determined_persons, scored.unlisted


def test_thirty_questions_about_one_of_1500_people_determine_no_small_pair_difference() -> None:
    """The case that an early design left open with 71: pairs of two old sets were not tested again."""
    assert one_target(1_500, 30) == (0, 0, 0)


def test_the_same_seed_asks_and_finds_the_same() -> None:
    one, other = (next(iter(evaluate(small("two-researchers")))).as_json() for _ in range(2))
    assert one | {"seconds": 0} == other | {"seconds": 0}


def test_one_plain_table_of_cells_of_ten_gives_as_much_as_it_is_said_to() -> None:
    assert abs(one_plain_table(made_up(1_000, np.random.default_rng(1))) - PLAIN) < 0.015


def test_secrets_say_nothing_of_categories() -> None:
    cohort = made_up(3_000, np.random.default_rng(1))
    for codes in cohort.register.codes.values():
        shares = [
            cohort.secrets[Secret.OUTCOMES][:, codes == code].mean()
            for code in np.unique(codes)
            if (codes == code).sum() > 50
        ]
        assert max(shares) - min(shares) < 0.15


def test_the_command_writes_figures_and_a_table(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    arguments = ["--kinds", "tracker-pairs,refusal-oracle", "--questions", "6", "--persons", "300"]
    done = CliRunner().invoke(app, ["disclosure", "attack", *arguments, "--json", str(out)])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert len(lines) == 1 + 2 * 2 + 1
    assert "One plain table" in lines[-1]
    found = json.loads(out.read_text())
    assert [each["kind"] for each in found["kinds"]] == ["tracker-pairs"] * 2 + ["refusal-oracle"] * 2
    assert {each["questions"] for each in found["kinds"]} == {6}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--url", "http://127.0.0.1:9"], "--project, --keys and --home"),
        (["--url", "http://127.0.0.1:9", "--in-process"], "one of both"),
    ],
)
def test_a_target_over_http_that_is_not_whole_is_named(options: list[str], named: str) -> None:
    done = CliRunner().invoke(app, ["disclosure", "attack", *options])
    assert done.exit_code == 2
    assert named in " ".join(done.output.split())


def test_more_questions_than_a_day_has_are_not_begun(tmp_path: Path) -> None:
    target = [
        "--url",
        "http://127.0.0.1:9",
        "--project",
        "any",
        "--keys",
        str(tmp_path),
        "--home",
        str(tmp_path),
    ]
    done = CliRunner().invoke(app, ["disclosure", "attack", *target, "--questions", "50"])
    assert done.exit_code == 2
    assert "300 questions" in " ".join(done.output.split())


def test_without_a_vault_there_is_no_truth_and_nothing_is_asked(tmp_path: Path) -> None:
    target = [
        "--url",
        "http://127.0.0.1:9",
        "--project",
        "any",
        "--keys",
        str(tmp_path),
        "--home",
        str(tmp_path),
    ]
    done = CliRunner().invoke(app, ["disclosure", "attack", *target])
    assert done.exit_code == 1
    assert "the attack stopped" in done.output


def test_a_kind_that_there_is_not_is_named() -> None:
    done = CliRunner().invoke(app, ["disclosure", "attack", "--kinds", "psychic"])
    assert done.exit_code == 2
    assert "psychic" in done.output


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_questions_of_each_kind(kind: str) -> None:
    asked = Asked((kind,), questions=DEEP_QUESTIONS, persons=DEEP_PERSONS)
    found = {each.over_budget: each for each in evaluate(asked)}
    for each in found.values():
        assert each.attacker_strength >= STRONG
        assert (each.determined_groups, each.determined_persons) == (0, 0)
    check_budget(found["refuse"])


def check_budget(found: AttackEvaluation) -> None:
    assert found.bit_accuracy <= TRACKER
    assert found.bit_accuracy_of_all <= BULK
