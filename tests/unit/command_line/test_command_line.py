"""How a tool ends, and what it says when it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from pydantic import ValidationError

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.contract.value import Slug, Value
from service.client import RemoteProblem
from service.command_line import refusal_lines, run
from service.problems.requests import NotFound
from service.problems.results import SpecificationInvalid


class Named(Value):
    name: Slug


def invalid() -> ValidationError:
    try:
        Named.model_validate_json(json.dumps({"name": "CANARY Smith"}))
    except ValidationError as fault:
        return fault
    raise AssertionError


REFUSALS: dict[str, tuple[Exception, list[str]]] = {
    "a problem": (NotFound(), ["Not found: ", "What to do: "]),
    "a problem with places": (
        SpecificationInvalid(
            faults=[{"pointer": "/a", "code": "missing"}, {"pointer": "/b", "code": "wrong"}]
        ),
        ["Specification invalid: ", "What to do: ", "  /a: missing", "  /b: wrong"],
    ),
    "a problem with lines of a file": (
        SpecificationInvalid(
            faults=[
                {"pointer": "", "code": "too-deep", "line": "3"},
                {"pointer": "/a", "code": "missing", "line": "2", "says": "a word"},
            ]
        ),
        ["Specification invalid: ", "What to do: ", "  line 3: too-deep", "  line 2, /a: missing (a word)"],
    ),
    "a problem of the service": (
        RemoteProblem(
            409, {"title": "Already decided", "detail": "Once.", "faults": ["odd", {"pointer": "/a"}]}
        ),
        ["Already decided: Once.", "What to do: ask the operator.", "  /a: "],
    ),
    "a refusal of the engine": (
        CannotLink(RefusalCode.TOO_FEW_RECORDS, records_b=0, records_a=3),
        ["Refused: too-few-records, records_a 3, records_b 0."],
    ),
    "an invalid value": (
        invalid(),
        ["Not in the form this tool reads:", "  name: string_pattern_mismatch"],
    ),
    "a file": (
        FileNotFoundError(2, "No such file or directory", "a.json"),
        ["No such file or directory: a.json"],
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_told_in_lines(refusal: str) -> None:
    fault, expected = REFUSALS[refusal]
    lines = refusal_lines(fault)
    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))
    assert "CANARY" not in "".join(lines)


def test_anything_else_is_told_by_its_kind_alone() -> None:
    assert refusal_lines(RuntimeError("CANARY")) == ["RuntimeError"]


def a_tool(outcome: Any) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def act(number: int = 1) -> None:
        if isinstance(outcome, BaseException):
            raise outcome

    return app


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_tool_ends_with_one_and_without_a_traceback(
    refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(a_tool(REFUSALS[refusal][0]), []) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(REFUSALS[refusal][1][0])
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("outcome", "arguments", "code"),
    [
        (None, ["--number", "2"], 0),
        (typer.Exit(1), [], 1),
        (typer.Exit(), [], 0),
        (None, ["--unknown"], 2),
        (None, ["--number", "many"], 2),
        (typer.Abort(), [], 1),
        (None, ["--help"], 0),
        (SystemExit("words"), [], 1),
        (SystemExit(None), [], 0),
    ],
    ids=repr,
)
def test_a_tool_ends_with_the_code_it_means(
    outcome: BaseException | None, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(a_tool(outcome), arguments) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_ours_is_not_called_a_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        run(a_tool(ZeroDivisionError()), [])
