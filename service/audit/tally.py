"""Refused sign-ins: counted as they come, entered once for each source and minute.

A flood of wrong tokens then makes one entry a minute, not one a request.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.audit.entry import is_name
from service.audit.log import record
from service.audit.records import RefusalTally
from service.audit.vocabulary import Action, Outcome
from service.clock import Clock, Randomness

NOBODY = "nobody"
"""The actor of an act whose author did not prove who they are."""
UNKNOWN_SOURCE = "unknown"
MINUTE = "%Y-%m-%dT%H:%MZ"


def tally_refusal(session: Session, source: str, slug: str, clock: Clock) -> None:
    """Count one refusal of a source under the slug of its problem."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        # What a source calls itself is not trusted to be a name.
        "source": source if is_name(source) else UNKNOWN_SOURCE,
        "minute": clock().replace(second=0, microsecond=0),
        "slug": slug,
        "count": 1,
    }
    session.execute(
        insert(RefusalTally)
        .values(row)
        .on_conflict_do_update(
            index_elements=["source", "minute", "slug"], set_={"count": RefusalTally.count + 1}
        )
    )


def enter_closed_tallies(
    session: Session, *, clock: Clock, random: Randomness, window_seconds: int = 60
) -> int:
    """Turn the tallies whose minute is over into entries, one for each source and minute; how many.

    A tally is over `window_seconds` after its minute began. Entered tallies are deleted
    in the same transaction, so that a flood does not fill the table either.
    """
    over = clock() - timedelta(seconds=window_seconds)
    tallies = session.scalars(
        sa.select(RefusalTally)
        .where(RefusalTally.minute <= over)
        .order_by(RefusalTally.minute, RefusalTally.source, RefusalTally.slug)
    ).all()
    entered = 0
    for (minute, source), group in groupby(tallies, key=lambda tally: (tally.minute, tally.source)):
        same = list(group)
        record(
            session,
            Action.SIGN_IN_REFUSE,
            actor=NOBODY,
            subject=source,
            outcome=Outcome.REFUSED,
            clock=clock,
            random=random,
            count=sum(tally.count for tally in same),
            code="+".join(tally.slug for tally in same),
            minute=minute.strftime(MINUTE),
        )
        for tally in same:
            session.delete(tally)
        entered += 1
    return entered
