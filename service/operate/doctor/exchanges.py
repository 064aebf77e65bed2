"""Key pairs that are being exchanged, and what a lost one has to have sent again."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from linkage_engine.contract.refusals import EngineRefusal
from service.keys import Pins
from service.operate.doctor.findings import Finding, ill, watch
from service.operate.installation import Home
from service.operate.rotation.key_pairs import KEY_PAIRS, UNSEALING
from service.operate.rotation.needed import sent

KEYS, WORK = "keys", "work"


def examine_exchanges(home: Home) -> Iterator[Finding]:
    """Exchanges of keys that were cut short, or whose old key somebody still needed."""
    for kind, pair in KEY_PAIRS.items():
        for role in pair.roles:
            files, again = pair.files(home, role), f"tre-operate rotate HOME {kind} --role {role}"
            if files.coming.exists():
                yield ill(
                    KEYS,
                    f"an exchange of the {kind} key of {role} was cut short",
                    f"stop the service, then: {again}",
                )
            elif files.leaving.exists():
                yield watch(
                    KEYS,
                    f"the {kind} key of {role} from before is kept for what was sealed to it",
                    f"when nothing waits, stop the service, then: {again}",
                )


def examine_lost_keys(session: Session, home: Home, pins: Pins) -> Iterator[Finding]:
    """What was sealed to a worker whose key is lost: it is named, because it has to be sent again."""
    pair = KEY_PAIRS[UNSEALING]
    for role in pair.roles:
        try:
            if pair.of(pair.files(home, role).key) == pair.pinned(pins, role):
                continue
        except (OSError, ValueError, EngineRefusal):
            pass  # lost, or no key: said of the file as well
        for what in sent(session, role):
            yield ill(
                WORK,
                f"{what} is sealed to a key that {role} does not have",
                f"if the key is lost: tre-operate rotate HOME unsealing --role {role}; "
                "then have it sealed and sent again",
            )
