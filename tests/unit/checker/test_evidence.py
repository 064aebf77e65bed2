"""What a checker sees is every number, and only of true evidence."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import pytest

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    Measure,
    Noise,
)
from linkage_engine.contract.earlier import LookedBack
from linkage_engine.contract.evidence import Evidence, OutcomeLeverage, Reason, TableAudit
from linkage_engine.contract.excluded import Exclusion, Oddity, PersonsBy
from linkage_engine.contract.permit import Role
from linkage_engine.contract.refusals import CannotUnseal
from linkage_engine.sealing.seal import seal
from linkage_engine.unseal.identity import Identity
from service.checker.evidence import (
    as_text,
    audit_lines,
    excluded_lines,
    history_lines,
    noise_line,
    open_evidence,
    suppression_lines,
)
from service.checker.words import EXCLUSIONS
from service.keys import write_private
from service.problems.requests import RequestUnreadable
from service.problems.tools import KeyFolderUnusable
from tests.factories import (
    PROJECT,
    Chance,
    a_disclosure_record,
    a_history_audit,
    a_person,
    a_question,
)

ENGLAND = 56_490_048


def shown(number: float | None) -> ControlledValue:
    status = CellStatus.SHOWN if number is not None else CellStatus.CONFIDENTIAL
    return ControlledValue(value=number, status=status)


def some_evidence(**changes: object) -> Evidence:
    table = ControlledTable(
        title="Prevalence",
        template="prevalence",
        dimensions=("sex",),
        measures=(
            Measure(name="numerator", title="Cases", unit="persons"),
            Measure(name="percent", title="Percent", unit="percent"),
        ),
        rows=(
            ControlledRow(labels=("Total",), values=(shown(ENGLAND), shown(3.4))),
            ControlledRow(labels=("Male",), values=(shown(None), shown(None))),
        ),
        record=a_disclosure_record(),
    )
    fields: dict[str, object] = {
        "release_id": "ab" * 16,
        "project_id": PROJECT,
        "question": a_question(a_person("rosalind", Role.RESEARCHER), random=Chance()),
        "table": table,
        "exact": ((float(ENGLAND - 1), 3.4123), (3.0, None)),
        "reasons": ((None, None), (Reason.TOO_FEW, Reason.TOO_FEW)),
        "history": a_history_audit(),
        "earlier": LookedBack(),
    }
    return Evidence.model_validate(fields | changes)


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    made = Identity.generate(secrets.token_bytes)
    write_private(tmp_path / "age.key", made.secret_text() + "\n")
    return made


def sealed(data: bytes, identity: Identity) -> bytes:
    target = io.BytesIO()
    seal(io.BytesIO(data), target, recipients=[identity.recipient], random=secrets.token_bytes)
    return target.getvalue()


def test_every_digit_of_every_number_is_shown() -> None:
    lines = as_text(some_evidence()).splitlines()
    assert lines[1].split() == ["Total", str(ENGLAND - 1), str(ENGLAND), "3.4123", "3.4"]
    assert lines[2].split() == ["Male", "3", "[c]", "[c]", "too", "few"]


def test_heads_name_both_sides() -> None:
    head = as_text(some_evidence()).splitlines()[0]
    assert "numerator (before)" in head
    assert "percent (after)" in head


def test_evidence_is_opened_by_its_checker(tmp_path: Path, identity: Identity) -> None:
    evidence = some_evidence()
    opened, digest = open_evidence(sealed(evidence.to_json().encode(), identity), tmp_path)
    assert opened == evidence
    assert len(digest) == 64


def test_evidence_for_somebody_else_is_not_opened(tmp_path: Path, identity: Identity) -> None:
    other = Identity.generate(secrets.token_bytes)
    assert str(other.recipient) != str(identity.recipient)
    with pytest.raises(CannotUnseal):
        open_evidence(sealed(b"{}", other), tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{}", "not json", some_evidence(exact=((1.0, 2.0),)).to_json(),
     some_evidence(reasons=()).to_json()],
    ids=["nothing", "empty", "no JSON", "numbers of fewer rows", "reasons of fewer rows"],
)  # fmt: skip
def test_what_is_no_evidence_is_refused(tmp_path: Path, identity: Identity, text: str) -> None:
    with pytest.raises(RequestUnreadable):
        open_evidence(sealed(text.encode(), identity), tmp_path)


def test_without_a_key_nothing_is_opened(tmp_path: Path) -> None:
    with pytest.raises(KeyFolderUnusable):
        open_evidence(b"", tmp_path)


def test_the_audit_against_earlier_tables_is_told() -> None:
    assert history_lines(a_history_audit()) == [
        "audited after 3 earlier tables about 40 sets of people:",
        "2 cells hidden that are large enough, 7 small groups protected",
        "leverage 2.1 % on average (limit 10.0 %), 12.3 % at the top (limit 50.0 %)",
    ]


def test_what_a_checker_has_to_think_about_is_said() -> None:
    *_, budget, known = history_lines(a_history_audit(leverage_top1=0.6, groups_known_before=2))
    assert budget.startswith("OVER BUDGET")
    assert known == "2 small groups follow from earlier tables alone"


def test_outcomes_that_were_counted_in_other_ways_before_are_named() -> None:
    alike = {"sets": 24, "ways": 2, "mean": 0.06, "top1": 0.2}
    seen = OutcomeLeverage(
        outcomes=("cancer_diagnosed", "cancer_diagnosed: Bowel"), told_otherwise=12, **alike
    )
    new = OutcomeLeverage(outcomes=("emergency_admission",), told_otherwise=0, **alike)
    audit = a_history_audit(outcomes=(seen, new))
    said = "COUNTED OTHERWISE BEFORE: cancer_diagnosed and 1 more over 12 of these sets of people,"
    assert history_lines(audit)[3:] == [f"{said} in up to 2 ways of one set"]
    over = history_lines(a_history_audit(outcomes=(seen, new), leverage_mean=0.6))
    assert over[5:] == [
        "  cancer_diagnosed and 1 more: 6.0 % on average, 20.0 % at the top, over 24 sets of people",
        "  emergency_admission: 6.0 % on average, 20.0 % at the top, over 24 sets of people",
    ]


@pytest.mark.parametrize("name", ["leverage_mean", "leverage_top1"])
def test_a_leverage_that_is_no_number_is_over_budget(name: str) -> None:
    assert a_history_audit(**{name: float("nan")}).over_budget


def test_the_audit_of_a_table_of_exact_numbers_is_told() -> None:
    found = TableAudit(hidden=12, secondary=5, determined=0, undecided=0, programs=9, witnesses=4)
    assert suppression_lines(None) == []
    assert suppression_lines(found) == [
        "12 numbers hidden, 5 of them large enough; 0 determined, 0 undecided",
        "confirmed by 4 other tables in whole numbers, 9 programs solved",
    ]


def test_whoever_is_not_counted_is_told_of_and_every_reason_has_words() -> None:
    found = [
        PersonsBy(reason=Exclusion.COUNTED, persons=120),
        PersonsBy(reason=Exclusion.ON_NO_LIST, persons=3),
        PersonsBy(reason=Oddity.SEVERAL_DEATHS, persons=1),
    ]
    assert excluded_lines([]) == []
    assert excluded_lines(found) == [
        "People with a first diagnosis in the period, exactly, for you alone:",
        "  120 counted",
        "  3 not counted: no registration is linked to the tumour",
        "  1 of those counted, with deaths of several days: the first counts",
    ]
    assert set(EXCLUSIONS) == {*Exclusion, *Oddity}


CELL_KEYS = Noise(mechanism="cell_key", standard_deviation=1.73, max_deviation=5)
PAID_FOR = Noise(
    mechanism="discrete_laplace",
    standard_deviation=22.62,
    epsilon=0.25,
    epsilon_spent=0.75,
    epsilon_total=1.0,
    contributions=4,
    labels_per_person=2,
)


def test_noise_is_told_with_its_size_and_what_it_cost() -> None:
    assert noise_line(CELL_KEYS) == (
        "noise of standard deviation 1.73 on every count, at most 5, the same for the same people"
    )
    assert noise_line(PAID_FOR) == (
        "noise of standard deviation 22.62 on every count; epsilon 0.25, 0.75 of the project's 1.0 spent; "
        "not audited against earlier tables"
    )


def test_a_checker_is_told_of_the_audit_of_the_noise_or_of_both() -> None:
    plain = some_evidence()

    def with_noise(noise: Noise) -> Evidence:
        record = plain.table.record.model_copy(update={"noise": noise})
        return plain.model_copy(update={"table": plain.table.model_copy(update={"record": record})})

    audit = history_lines(plain.history)
    assert audit_lines(plain) == audit
    assert audit_lines(with_noise(CELL_KEYS)) == [*audit, noise_line(CELL_KEYS)]
    assert audit_lines(with_noise(PAID_FOR)) == [noise_line(PAID_FOR)]
