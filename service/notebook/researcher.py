"""A researcher at work in a notebook: each question is signed, each release verified before it is a table."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.query_spec import QuerySpec, query_spec
from service.audit.archive import RELEASE
from service.audit.release import Trust
from service.client import Client
from service.clock import Clock, Randomness
from service.notebook.refusals import explained
from service.notebook.table import ReleasedTable
from service.problems.problem import faults_of
from service.problems.publication import ReleaseNotVerified
from service.problems.results import NotAnswered, NotReleased, SpecificationInvalid
from service.publication.released import open_release
from service.researcher.in_words import in_words
from service.researcher.questions import read_specification, signed_question
from service.researcher.waiting import (
    POLL_SECONDS,
    PREFLIGHT_UNDER_WAY,
    QUERY_UNDER_WAY,
    awaited,
)
from service.signed import SigningKey, TextType

Specification = QuerySpec | Mapping[str, Any] | Path | str
"""A question: a value, a map as JSON has it, or the file that it stands in (YAML or JSON)."""


def specification(asked: Specification) -> QuerySpec:
    """The question; raises SpecificationInvalid naming each place, SpecificationUnreadable, OSError."""
    with explained():
        if isinstance(asked, Path | str):
            return read_specification(Path(asked))
        if not isinstance(asked, Mapping):
            return asked
        try:
            return query_spec(asked)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_input=False, include_context=False)
            raise SpecificationInvalid(faults=faults_of(errors)) from None


def explain(asked: Specification) -> str:
    """Line by line what a question asks, in words; sends nothing. Raises as `specification` does."""
    with explained():
        return "\n".join(in_words(specification(asked)))


@dataclass(frozen=True)
class Query:
    """A question that was asked, and where it stands: asked, answered, controlled or failed."""

    query_id: str
    state: str
    release_id: str | None
    """Where its answer is checked and fetched, once the gate has controlled it."""
    code: str | None
    """Why it failed."""
    remedy: str | None


@dataclass(frozen=True)
class Researcher:
    """Who asks: signed in with a key folder; every release is held to `trust`.

    A context: at its end the connection is closed.
    """

    client: Client
    key: SigningKey
    trust: Trust
    clock: Clock
    random: Randomness

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def preflight(self, asked: Specification, *, wait_seconds: float = 150.0) -> Preflight:
        """How many cells of the answer will be hidden, and of coarser ones; nothing is released.

        Raises NotAnswered where it failed or is not there in time, and the service's problems.
        """
        with explained():
            shown = self._asked(asked, "preflights", TextType.PREFLIGHT)
            place = f"/preflights/{shown['preflight_id']}"
            shown = awaited(self.client, shown, place, PREFLIGHT_UNDER_WAY, wait_seconds)
            if shown["figures"] is None:
                raise NotAnswered
            return Preflight.model_validate(shown["figures"])

    def ask(self, asked: Specification) -> Query:
        """Sign and ask a question; raises the service's problems, such as OutsideThePermit and QuotaUsed."""
        with explained():
            return _query(self._asked(asked, "queries", TextType.QUESTION))

    def watch(self, query: Query | str) -> Query:
        """Where a query stands now; raises NotFound."""
        return self.wait(query, seconds=0.0)

    def wait(self, query: Query | str, *, seconds: float = 150.0) -> Query:
        """The query once the gate has controlled it or it failed, or as it stands when the time is over."""
        place = f"/queries/{query.query_id if isinstance(query, Query) else query}"
        with explained():
            shown = self.client.get(place)
            return _query(awaited(self.client, shown, place, QUERY_UNDER_WAY, seconds))

    def fetch(
        self, query: Query | str, *, wait_seconds: float = 0.0, keep: Path | str | None = None
    ) -> ReleasedTable:
        """The released table of a query, its signature, files and log proof verified.

        `keep` names a new zip file for the package. Raises NotReleased while output checkers have not
        decided and the time is over, ReleaseNotVerified, ReleaseUnreadable, NotFound, FileExistsError.
        """
        release_id = query.query_id if isinstance(query, Query) else query
        package = self._package(release_id, wait_seconds)
        with explained():
            table = ReleasedTable(open_release(io.BytesIO(package), self.trust))
            if table.released.statement.release_id != release_id:
                raise ReleaseNotVerified(faults=[{"pointer": RELEASE, "code": "of-another-release"}])
        if keep is not None:
            with Path(keep).open("xb") as file:
                file.write(package)
        return table

    def _asked(self, asked: Specification, kind: str, typ: TextType) -> Any:  # noqa: ANN401  # JSON
        """What the service answers to a signed question."""
        question = specification(asked)
        text = signed_question(
            question,
            asked_by=self.client.principal_id,
            key=self.key,
            clock=self.clock,
            random=self.random,
            typ=typ,
        )
        return self.client.post(f"/projects/{question.project_id}/{kind}", {"question": text})

    def _package(self, release_id: str, wait_seconds: float) -> bytes:
        """The release package, once it is there; raises NotReleased when the time is over."""
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                with explained():
                    return self.client.download(f"/releases/{release_id}/package")
            except NotReleased:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(POLL_SECONDS)


def _query(shown: Mapping[str, Any]) -> Query:
    """A query as the service shows it; what a later service says besides is left out."""
    return Query(
        query_id=shown["query_id"],
        state=shown["state"],
        release_id=shown["release_id"],
        code=shown["code"],
        remedy=shown["remedy"],
    )
