"""A running installation as people reach it: by their own tools, as processes."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage_engine.laboratory.demo.commands import Journal, StepFailed, wait_for
from linkage_engine.laboratory.disclosure.attack.over_http.truth import Labels

WAIT = ("--wait", "150")
BY_ITS_TEXT = "Outside the permit"
"""The one refusal of a question that is about neither the service nor who asks: counted, not raised."""
FORESEEN = re.compile(r"(\d+) of (\d+) cells will be hidden")

Numbers = Mapping[str, str]
"""A row of a released table by column; nothing where a number is withheld."""


@dataclass(frozen=True)
class Reply:
    """What became of a question: a released table by labels, or the code that its asker was told."""

    rows: Mapping[Labels, Numbers] | None = None
    code: str = ""


@dataclass
class Installation:
    """The address, the project, and the key folders of a researcher and of the checkers, if they are here.

    Without checkers a released table is waited for, as other people approve it.
    """

    url: str
    project_id: str
    keys: Path
    checkers: Sequence[Path]
    journal: Journal
    asked: list[str] = field(default_factory=list)

    def foresee(self, question: Mapping[str, Any]) -> str:
        """How many cells would be hidden, as the service says it."""
        said = self._run("preflight", self._specification(question), *WAIT)
        found = FORESEEN.search(said)
        return found.group() if found else "not answered"

    def ask(self, question: Mapping[str, Any]) -> Reply:
        """Ask, have it approved, and fetch it.

        Raises StepFailed, with what the tool said, for any refusal but of a question outside the permit.
        """
        try:
            asked = json.loads(self._run("ask", self._specification(question), *WAIT))
        except StepFailed as failed:
            if BY_ITS_TEXT not in str(failed):
                raise
            return Reply(code=BY_ITS_TEXT.lower().replace(" ", "-"))
        if asked["state"] != "controlled":
            return Reply(code=str(asked.get("code") or asked["state"]))
        release_id = str(asked["query_id"])
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda checker: self._approve(checker, release_id), self.checkers))
        out = self.journal.folder / release_id
        wait_for("is the release signed and in the log?", self._fetched(release_id, out))
        return Reply(rows=_rows(out / "table.csv", question["breakdowns"]))

    def _specification(self, question: Mapping[str, Any]) -> Path:
        self.asked.append(str(question["template"]))
        path = self.journal.folder / f"question-{len(self.asked)}.json"
        whole = {"specification": 1, "project_id": self.project_id, **question}
        path.write_text(json.dumps(whole), encoding="utf-8")
        return path

    def _run(self, command: str, *arguments: str | Path) -> str:
        return self.journal.run("tre-researcher", command, *arguments, "--url", self.url, "--keys", self.keys)

    def _approve(self, checker: Path, release_id: str) -> None:
        reason = ("--reason", "An attack by the harness.")
        signed_in = ("--url", self.url, "--keys", checker)
        self.journal.run("tre-checker", "approve", release_id, *signed_in, *reason)

    def _fetched(self, release_id: str, out: Path) -> Iterator[bool]:
        while True:
            try:
                self._run("fetch", release_id, "--out", out)
            except StepFailed as failed:
                if "Not released" not in str(failed):
                    raise
                yield False
            else:
                yield True


def _rows(path: Path, breakdowns: Sequence[str]) -> dict[Labels, Numbers]:
    with path.open(newline="", encoding="utf-8") as file:
        return {tuple(row[name] for name in breakdowns): row for row in csv.DictReader(file)}
