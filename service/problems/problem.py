"""Refusals a caller can act on, as RFC 9457 problem details.

A class is a problem: its docstring's first line is the detail shown, `remedy` says what
to do next. Nothing of the request is ever repeated.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

KNOWN: dict[str, type[Problem]] = {}
"""Every problem by slug: docs/problems.md and the `/problems/<slug>` pages are made from it."""


class Problem(Exception):
    """A refusal with a stable slug, an HTTP status and a remedy."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    remedy: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Enter the problem into the catalogue; two of one slug are a mistake of ours."""
        if cls.slug in KNOWN:
            msg = f"two problems are called {cls.slug}"
            raise TypeError(msg)
        KNOWN[cls.slug] = cls

    def __init__(self, **facts: int | str | list[dict[str, str]]) -> None:
        """Keep facts that are safe to show: counts, codes, our own identifiers, pointers."""
        super().__init__(self.slug)
        self.facts = facts

    @classmethod
    def detail(cls) -> str:
        """The first paragraph of the docstring."""
        return inspect.getdoc(cls).split("\n\n")[0]  # type: ignore[union-attr]  # every problem has one: tested

    def as_json(self) -> dict[str, object]:
        """The body of an `application/problem+json` answer."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail(),
            "remedy": self.remedy,
            **self.facts,
        }


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Where each of pydantic's faults is, as a JSON pointer (RFC 6901), and its code: never what was sent.

    The name of an unknown field is what was sent: its parent is pointed to.
    """
    return [{"pointer": _pointer(error), "code": str(error["type"])} for error in errors]


def _pointer(error: Mapping[str, Any]) -> str:
    steps = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return "".join(f"/{step}" for step in steps)
