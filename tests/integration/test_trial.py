"""Questions tried on synthetic England, from the researcher's command to the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage_engine.laboratory.england.write import England, write_england
from linkage_engine.laboratory.main import app as laboratory
from linkage_engine.laboratory.trial import synthetic
from service.command_line import run
from service.researcher import main as researcher
from service.researcher import trial
from service.researcher.questions import read_specification

PEOPLE = "1500"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the synthetic Englands of these tests are kept."""
    return tmp_path_factory.mktemp("kept")


def asked(folder: Path, template: str, **changes: object) -> Path:
    fields = json.loads(read_specification(trial.EXAMPLES / f"{template}.yaml").to_json())
    fields["parameters"] |= changes
    (folder / "question.json").write_text(json.dumps(fields))
    return folder / "question.json"


def query(question: Path, kept: Path, *options: str) -> tuple[int, str]:
    arguments = ["query", str(question), "--keep", str(kept), "--people", PEOPLE, "--repeats", "1", *options]
    done = CliRunner().invoke(laboratory, arguments)
    return done.exit_code, done.output


@pytest.mark.parametrize("template", sorted(path.stem for path in trial.EXAMPLES.iterdir()))
def test_every_example_is_answered_and_forecast(template: str, kept: Path, tmp_path: Path) -> None:
    question = asked(tmp_path, template)
    files = ("--json", str(tmp_path / "f.json"), "--csv", str(tmp_path / "t.csv"), "--population", "6000")
    code, said = query(question, kept, *files)
    assert code == 0, said
    foreseen = json.loads((tmp_path / "f.json").read_text())
    assert 0 < foreseen["cells"] <= len((tmp_path / "t.csv").read_text().splitlines()) - 1
    assert "Forecast over 1 synthetic populations of 6,000 people:" in said


def test_the_same_seed_gives_the_same_table_and_england_is_made_once(kept: Path, tmp_path: Path) -> None:
    question = asked(tmp_path, "prevalence")
    for name in ("once.csv", "twice.csv"):
        assert query(question, kept, "--csv", str(tmp_path / name))[0] == 0
    assert (tmp_path / "once.csv").read_bytes() == (tmp_path / "twice.csv").read_bytes()
    assert len(list(kept.iterdir())) == 1


def test_an_england_that_was_not_finished_is_as_if_it_had_not_been_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(out: Path, *, people: int, seed: int) -> England:
        write_england(out, people=people, seed=seed)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(synthetic, "write_england", cut_off)
        with pytest.raises(OSError, match="No space"):
            synthetic.synthetic_england(tmp_path, people=100, seed=1)
    assert list(tmp_path.iterdir()) == []
    assert synthetic.synthetic_england(tmp_path, people=100, seed=1).exists()


def test_a_cohort_of_nobody_and_a_follow_up_past_the_data_are_named(kept: Path, tmp_path: Path) -> None:
    period = {"diagnosed_from": "2025-03-30", "diagnosed_to": "2025-03-30"}
    code, said = query(asked(tmp_path, "social_care_response", **period), kept)
    assert code == 0
    assert "Note, follow-up-past-the-data: " in said
    assert "Note, empty-cohort: " in said


def test_a_period_after_the_data_is_refused_with_a_remedy(kept: Path, tmp_path: Path) -> None:
    period = {"diagnosed_from": "2026-01-01", "diagnosed_to": "2026-12-31"}
    code, said = query(asked(tmp_path, "emergency_15m", **period), kept)
    assert code == 1
    assert "refused: no-linked-data" in said
    assert "before the data end, on 2025-03-31" in said


@pytest.mark.parametrize("content", ["not json", "{}"])
def test_what_is_no_question_is_refused(content: str, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "question.json").write_text(content)
    code, said = query(tmp_path / "question.json", kept)
    assert code == 2
    assert "no specification in JSON" in said


def test_a_policy_that_is_not_shipped_is_refused(kept: Path, tmp_path: Path) -> None:
    code, said = query(asked(tmp_path, "prevalence"), kept, "--policy", "none")
    assert code == 2
    assert "nhs-cancer-default" in said


def test_another_policy_hides_by_its_own_rules(kept: Path, tmp_path: Path) -> None:
    question = asked(tmp_path, "prevalence")
    for policy in ("cell-key", "acro-default", "public-dashboard"):
        assert query(question, kept, "--policy", policy)[0] == 0


@pytest.mark.process
def test_check_says_what_is_asked_and_tries_it_in_a_process_of_its_own(
    kept: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--keep", str(kept), "--people", PEOPLE, "--repeats", "2", "--csv", str(tmp_path / "t.csv")]
    code = run(researcher.app, ["check", str(trial.EXAMPLES / "prevalence.yaml"), *options])
    said = capfd.readouterr().out
    assert code == 0
    assert "first diagnosed in the 21 years before" in said
    assert "Forecast over 2 synthetic populations of 1,500 people:" in said
    assert (tmp_path / "t.csv").exists()


@pytest.mark.process
def test_what_the_laboratory_refuses_check_refuses(
    kept: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    period = {"diagnosed_from": "2026-01-01", "diagnosed_to": "2026-12-31"}
    question = asked(tmp_path, "emergency_15m", **period)
    code = run(researcher.app, ["check", str(question), "--keep", str(kept), "--people", PEOPLE])
    assert code == 1
    assert "refused: no-linked-data" in capfd.readouterr().err


@pytest.mark.process
def test_one_command_makes_every_example_and_its_table(kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "examples"
    options = ["--keep", str(kept), "--people", PEOPLE, "--population", "3000"]
    assert run(researcher.app, ["examples", str(out), *options]) == 0
    names = {path.stem for path in trial.EXAMPLES.iterdir()}
    assert {path.name for path in out.iterdir()} == {f"{n}.{kind}" for n in names for kind in ("yaml", "csv")}
    assert run(researcher.app, ["examples", str(out), *options]) == 1


def test_words_alone_try_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(trial.EXAMPLES / "prevalence.yaml")
    assert run(researcher.app, ["check", example, "--words", "--keep", str(tmp_path / "none")]) == 0
    assert "Forecast" not in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_without_the_laboratory_check_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trial, "NEEDED", ("a_module_that_nobody_has",))
    assert run(researcher.app, ["check", str(trial.EXAMPLES / "prevalence.yaml")]) == 0
    assert "install the extra `laboratory`" in capsys.readouterr().out
