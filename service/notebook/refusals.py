"""What the service refuses, as the problem that it is: an exception of its own, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.client import RemoteProblem
from service.command_line import refusal_lines
from service.problems.catalogue import CATALOGUE
from service.problems.problem import Problem

MEMBERS = frozenset({"type", "title", "status", "detail", "remedy"})
"""What every problem has (RFC 9457); the others are facts of this one."""


def problem_of(refused: RemoteProblem) -> Problem | RemoteProblem:
    """The problem that the service named, with its facts; the refusal as it came where we know none such."""
    kind = CATALOGUE.get(refused.slug)
    if kind is None:
        return refused
    facts = {
        name: fact
        for name, fact in refused.body.items()
        if name not in MEMBERS and isinstance(fact, int | str | list)
    }
    return kind(**facts)


@contextmanager
def explained() -> Iterator[None]:
    """Refusals within are raised as their problems, and say below the traceback what to do."""
    try:
        yield
    except (RemoteProblem, Problem) as refused:
        problem = problem_of(refused) if isinstance(refused, RemoteProblem) else refused
        if not getattr(problem, "__notes__", ()):
            for line in refusal_lines(problem):
                problem.add_note(line)
        raise problem from None
