"""Where each release stands at a moment: current, corrected by which, recalled, or under embargo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linkage_engine.contract.controlled_table import ControlledTable
from service.problems.publication import NoticesRefused
from service.publication.notice import Notice
from service.publication.released import Released

Cell = tuple[tuple[str, ...], str]
"""A row's labels, and the name of a measure."""


class State(StrEnum):
    """Where a release stands."""

    EMBARGOED = "embargoed"
    CURRENT = "current"
    CORRECTED = "corrected"
    RECALLED = "recalled"


@dataclass(frozen=True)
class Standing:
    """One release, what is said of it, and where it stands."""

    released: Released
    notice: Notice
    state: State
    corrects: Released | None
    """What it corrects, where that may be shown: not recalled, and not under embargo."""
    corrected_by: str | None
    """The last of its corrections that stands; nothing where there is none, or all were recalled."""

    @property
    def id(self) -> str:
        """The release's id."""
        return self.released.statement.release_id


def standings(
    releases: Mapping[str, Released], notices: Mapping[str, Notice], now: datetime
) -> Mapping[str, Standing]:
    """Where every release stands; one without a notice is current.

    Raises NoticesRefused naming each notice that cannot hold: of a release that is not there, or naming one;
    correcting what another corrects too, or in a circle; with an embargo that ended before the release was
    signed; leading to a release that is recalled or still under embargo.
    """
    said = {each: notices.get(each, Notice(release_id=each)) for each in releases}
    faults = [*_strangers(releases, notices), *_corrections(said), *_embargoes(releases, said)]
    if not faults:
        # Circles are ruled out, so that chains of corrections end.
        faults = list(_links(said, now))
    if faults:
        raise NoticesRefused(faults=[{"pointer": where, "code": code} for where, code in faults])
    return {each: _standing(releases, said, each, now) for each in releases}


def _strangers(releases: Mapping[str, Released], notices: Mapping[str, Notice]) -> Iterator[tuple[str, str]]:
    for each, notice in notices.items():
        if each not in releases:
            yield each, "of-no-release"
        if not {notice.corrects or each, *notice.related} <= {each, *releases}:
            yield each, "names-no-release"


def _corrections(said: Mapping[str, Notice]) -> Iterator[tuple[str, str]]:
    corrected = Counter(notice.corrects for notice in said.values() if notice.corrects)
    yield from ((each, "corrected-twice") for each, times in corrected.items() if times > 1)
    for each in said:
        seen, at = {each}, said[each].corrects
        while at is not None and at in said and at not in seen:
            seen.add(at)
            at = said[at].corrects
        if at == each:
            yield each, "corrects-itself-in-a-circle"


def _embargoes(releases: Mapping[str, Released], said: Mapping[str, Notice]) -> Iterator[tuple[str, str]]:
    for each, notice in said.items():
        signed = releases[each].statement.released_at
        if notice.embargo_until is not None and notice.embargo_until <= signed:
            yield each, "embargo-in-the-past"


def _links(said: Mapping[str, Notice], now: datetime) -> Iterator[tuple[str, str]]:
    for each, notice in said.items():
        if _state(said, each, now) in {State.CURRENT, State.CORRECTED}:
            states = {_state(said, other, now) for other in notice.related}
            if State.RECALLED in states:
                yield each, "leads-to-recalled"
            if State.EMBARGOED in states:
                yield each, "leads-to-embargoed"


def _state(said: Mapping[str, Notice], each: str, now: datetime) -> State:
    notice = said[each]
    if notice.embargo_until is not None and now < notice.embargo_until:
        return State.EMBARGOED
    if notice.recall is not None:
        return State.RECALLED
    correction = _correction(said, each)
    is_public = correction is not None and _state(said, correction, now) is not State.EMBARGOED
    return State.CORRECTED if is_public else State.CURRENT


def _correction(said: Mapping[str, Notice], each: str) -> str | None:
    return next((other for other, notice in said.items() if notice.corrects == each), None)


def _standing(
    releases: Mapping[str, Released], said: Mapping[str, Notice], each: str, now: datetime
) -> Standing:
    notice, last, at = said[each], None, _correction(said, each)
    while at is not None and (state := _state(said, at, now)) is not State.EMBARGOED:
        last, at = (last if state is State.RECALLED else at), _correction(said, at)
    before = notice.corrects
    stands = before is not None and _state(said, before, now) not in {State.RECALLED, State.EMBARGOED}
    return Standing(
        released=releases[each],
        notice=notice,
        state=_state(said, each, now),
        corrects=releases[before] if before is not None and stands else None,
        corrected_by=last,
    )


def revised(before: ControlledTable, after: ControlledTable) -> frozenset[Cell]:
    """The cells of a correction that say something else than before; of other breakdowns none can be told."""
    if before.dimensions != after.dimensions:
        return frozenset()
    was = dict(_cells(before))
    return frozenset(cell for cell, said in _cells(after) if cell in was and was[cell] != said)


def _cells(table: ControlledTable) -> Iterator[tuple[Cell, object]]:
    for row in table.rows:
        for measure, value in zip(table.measures, row.values, strict=True):
            yield (row.labels, measure.name), value
