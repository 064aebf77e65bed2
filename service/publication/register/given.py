"""What a site is made of, read from a folder: publisher, permits, packages, notices, perhaps a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from linkage_engine.contract.permit import Permit, PublicKey
from linkage_engine.contract.value import Value
from service.audit.archive import shown
from service.audit.release import Trust
from service.problems.problem import Problem, faults_of
from service.problems.publication import GivenUnreadable, NoticesRefused
from service.publication.notice import Notice
from service.publication.register.counts import counts_of
from service.publication.register.values import Counts, Publisher
from service.publication.released import Released, open_release
from service.signed import TextType, verified

Text = TypeVar("Text", bound=Value)
PUBLISHER, LOG = "publisher.json", "log-bundle.zip"


@dataclass(frozen=True)
class Given:
    """All that a site is made of, verified."""

    publisher: Publisher
    permits: tuple[Permit, ...]
    releases: Mapping[str, Released]
    notices: Mapping[str, Notice]
    counts: Mapping[str, Counts] | None


def read_given(folder: Path, trust: Trust, governance: PublicKey) -> Given:
    """What a folder holds: `publisher.json`, `permits/*.jws`, `releases/*.zip`, `notices/*.json`, a log.

    Raises GivenUnreadable naming the file, and what verifying a package, a permit or the log raises, with
    the name of the file beside it.
    """
    releases, notices, permits = [], [], []
    for path in _all(folder, "releases", "zip"):
        with _named(path):
            releases.append(open_release(path, trust))
    for path in _all(folder, "notices", "json"):
        with _named(path):
            notices.append(_read(path, Notice))
    for path in _all(folder, "permits", "jws"):
        with _named(path):
            permits.append(_permit(path, governance))
    with _named(folder / PUBLISHER):
        publisher = _read(folder / PUBLISHER, Publisher)
    return Given(
        publisher=publisher,
        permits=tuple(permits),
        releases={each.statement.release_id: each for each in releases},
        notices=_each_once(notices),
        counts=counts_of(folder / LOG, trust) if (folder / LOG).exists() else None,
    )


def _all(folder: Path, kind: str, ending: str) -> list[Path]:
    return sorted((folder / kind).glob(f"*.{ending}"))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file a refusal is."""
    try:
        yield
    except Problem as refused:
        faults = refused.facts.get("faults", [])
        assert isinstance(faults, list)
        raise type(refused)(faults=[{"pointer": shown(path.name), "code": "this-file"}, *faults]) from None


def _read(path: Path, kind: type[Text]) -> Text:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as fault:
        raise GivenUnreadable(faults=faults_of(fault.errors(include_input=False))) from None


def _permit(path: Path, governance: PublicKey) -> Permit:
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    return verified(text, (governance,), TextType.PERMIT, Permit)


def _each_once(notices: list[Notice]) -> Mapping[str, Notice]:
    held = {each.release_id: each for each in notices}
    if len(held) < len(notices):
        raise NoticesRefused(faults=[{"pointer": "notices", "code": "two-of-one-release"}])
    return held
