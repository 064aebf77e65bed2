"""How our command-line tools speak: a refusal is one line of what is wrong and one of what to do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from pydantic import ValidationError

from linkage_engine.contract.refusals import EngineRefusal
from service.client import RemoteProblem
from service.problems.problem import Problem

REFUSED = 1


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run a tool; its exit code: 0 done, 1 refused, 2 called wrongly. A refusal has no traceback."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else REFUSED if ended.code else 0
    except (Problem, RemoteProblem, EngineRefusal, ValidationError, OSError) as refusal:
        for line in refusal_lines(refusal):
            sys.stderr.write(f"{line}\n")
        return REFUSED
    return 0


def refusal_lines(refusal: Exception) -> list[str]:
    """What a person is told of a refusal."""
    match refusal:
        case Problem():
            return _of_problem(refusal.title, refusal.as_json())
        case RemoteProblem():
            return _of_problem(str(refusal), refusal.body)
        case EngineRefusal():
            counts = "".join(f", {name} {count}" for name, count in sorted(refusal.counts.items()))
            return [f"Refused: {refusal.code.value}{counts}."]
        case ValidationError():
            # hide_input_in_errors keeps values out; places and kinds remain.
            return ["Not in the form this tool reads:"] + [
                f"  {'.'.join(str(step) for step in fault['loc'])}: {fault['type']}"
                for fault in refusal.errors(include_url=False, include_input=False, include_context=False)
            ]
        case OSError():
            return [f"{refusal.strerror}: {refusal.filename}"]
        case _:
            return [type(refusal).__name__]


def _of_problem(title: str, body: dict[str, object]) -> list[str]:
    lines = [f"{title}: {body.get('detail', '')}", f"What to do: {body.get('remedy', 'ask the operator.')}"]
    faults = body.get("faults")
    if isinstance(faults, list):
        lines += [f"  {_told(fault)}" for fault in faults if isinstance(fault, dict)]
    return lines


def _told(fault: dict[str, str]) -> str:
    """Where a fault is, by the line of a file and the place in what it says; its code, and what is taken."""
    line = f"line {fault['line']}" if "line" in fault else ""
    place = ", ".join(part for part in (line, fault.get("pointer", "")) if part)
    says = f" ({fault['says']})" if "says" in fault else ""
    return f"{place}: {fault.get('code', '')}{says}"
