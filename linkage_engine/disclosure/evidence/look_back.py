"""What a new table has to do with earlier ones: who is alike, and what was hidden because of which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from linkage_engine.contract.earlier import (
    AlikeCount,
    CellOf,
    EarlierTable,
    LookedBack,
    NearPopulation,
    Withheld,
)
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.evidence.alike import Alike, alike_counts
from linkage_engine.disclosure.evidence.archive import Archive, ToldCell
from linkage_engine.disclosure.evidence.here import Here, here
from linkage_engine.disclosure.evidence.near import Near, near_sets
from linkage_engine.disclosure.evidence.together import GivenAway, given_away
from linkage_engine.disclosure.evidence.whole import whole
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.release import Decided

LISTED_TABLES, LISTED, LISTED_CELLS = 20, 50, 6
"""How many tables, pairs of cells, and cells of one computation are listed at most."""


@dataclass(frozen=True, eq=False)
class _Found:
    """What was told before of the same people, or nearly, and what would be given away with it."""

    here: Here
    archive: Archive
    published: PersonSets
    before: frozenset[str]
    near: Sequence[Near]
    given: Mapping[int, GivenAway | None]
    by_people: Mapping[str, Sequence[ToldCell]]
    tallies: Mapping[str, Counter[int]] = field(
        default_factory=lambda: {name: Counter() for name in ("same", "near", "alike", "withheld")}
    )

    def cells(self, number: int) -> Sequence[ToldCell]:
        """The cells that told a published set, of the oldest table first."""
        return self.by_people.get(self.published.digests[number].hex(), ())

    def of(self, cell: ToldCell) -> CellOf:
        return CellOf(release_id=self.archive.releases[cell.table], key=cell.key)

    def counted(self, name: str, cells: Iterable[ToldCell]) -> None:
        """One more for every table among these."""
        self.tallies[name].update({cell.table for cell in cells})


def look_back(
    past: Past, exact: ExactTable, decided: Decided, policy: Policy, archive: Archive
) -> LookedBack:
    """What the checkers of a table are told of all tables before it.

    Populations and counts are compared as sets of people. Nothing of this was part of any decision.
    """
    fewer_than = decided.state.threshold
    found = _found(past, here(exact, decided, policy), archive)
    near = _near(found)
    alike, tables_left = _alike(found, fewer_than)
    withheld = _withheld(found)
    return LookedBack(
        tables=_tables(found, fewer_than),
        tables_that_matter=len(set().union(*found.tallies.values())),
        near=near[:LISTED],
        near_found=len(near),
        alike=tuple(_alike_count(found, each) for each in alike[:LISTED]),
        alike_found=len(alike),
        alike_tables_left=tables_left,
        withheld=withheld,
        withheld_unexplained=len(found.here.withheld) - len(withheld),
    )


def _found(past: Past, new: Here, archive: Archive) -> _Found:
    state = new.decided.state
    near = list(near_sets(new.populations, past.state.published, fewer_than=state.threshold))
    hidden = new.withheld[:LISTED]
    wanted = [new.populations[number] for number in hidden]
    given = dict(zip(hidden, given_away(state, PersonSets.of(wanted)), strict=True))
    # What was published before stands first in the state after, so places in the two are the same.
    published = state.published
    places = {pair.there for pair in near} | {
        n for each in given.values() if each for n in each.sets.tolist()
    }
    digests = {published.digests[place].hex() for place in places} | set(new.sha256)
    by_people: dict[str, list[ToldCell]] = defaultdict(list)
    for cell in archive.cells(digests):
        by_people[cell.sha256].append(cell)
    before = frozenset(each.hex() for each in past.state.published.digests)
    return _Found(new, archive, published, before, near, given, by_people)


def _near(found: _Found) -> tuple[NearPopulation, ...]:
    """The nearest first; each with the newest table that told the other."""
    listed = []
    for pair in sorted(found.near, key=lambda each: each.differ):
        cells = found.cells(pair.there)
        found.counted("near", cells)
        listed += [
            NearPopulation(
                labels=found.here.labels(pair.here),
                other=found.of(cell),
                here_only=pair.here_only,
                there_only=pair.there_only,
                told=found.here.tells(pair.here),
            )
            for cell in cells[-1:]
        ]
    return tuple(listed)


def _alike(found: _Found, fewer_than: int) -> tuple[list[Alike], int]:
    pairs = [
        (n, cell) for n, sha256 in enumerate(found.here.sha256) for cell in found.by_people.get(sha256, ())
    ]
    for sha256 in found.here.sha256:
        found.counted("same", found.by_people.get(sha256, ()))
    pairs += [(pair.here, cell) for pair in found.near for cell in found.cells(pair.there)]
    alike, left = alike_counts(found.here, pairs, found.archive, fewer_than=fewer_than, tables=LISTED_TABLES)
    for each in alike:
        found.counted("alike", [each.cell])
    return alike, left


def _alike_count(found: _Found, alike: Alike) -> AlikeCount:
    return AlikeCount(
        labels=found.here.labels(alike.number),
        measure=alike.count.measure,
        other=found.of(alike.cell),
        other_measure=alike.measure,
        differ=alike.differ,
        told=alike.count.told,
    )


def _withheld(found: _Found) -> tuple[Withheld, ...]:
    """Cells hidden by history with what they would give away; each set as the oldest table that told it."""
    listed = []
    for number, given in found.given.items():
        if given is None:
            continue
        told_before = [n for n in given.sets.tolist() if found.published.digests[n].hex() in found.before]
        oldest = [cell for n in told_before for cell in found.cells(n)[:1]]
        found.counted("withheld", oldest)
        listed.append(
            Withheld(
                labels=found.here.labels(number),
                people=given.people,
                here=given.sets.size - len(told_before),
                earlier=len(told_before),
                cells=tuple(found.of(cell) for cell in oldest[:LISTED_CELLS]),
            )
        )
    return tuple(listed)


def _tables(found: _Found, fewer_than: int) -> tuple[EarlierTable, ...]:
    """The tables that matter most, then the newest."""
    weights = ("withheld", "alike", "near", "same")
    ranked = sorted(
        range(len(found.archive.releases)),
        key=lambda table: ([found.tallies[name][table] for name in weights], table),
        reverse=True,
    )
    place_of = {digest.hex(): place for place, digest in enumerate(found.published.digests)}
    listed = []
    for table in ranked[:LISTED_TABLES]:
        largest = place_of.get(found.archive.largest(table) or "")
        there = None if largest is None else found.published[largest]
        asked = found.archive.asked(table)
        listed.append(
            EarlierTable(
                release_id=found.archive.releases[table],
                title=asked.title,
                question=asked.question,
                whole=whole(found.here.largest, there, fewer_than=fewer_than),
                **{name: found.tallies[name][table] for name in weights},
            )
        )
    return tuple(listed)
