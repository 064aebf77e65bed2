"""One sign-in on its way to a provider and back: what it is known by, which nobody has to remember."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from service.clock import Randomness
from service.keys import PeopleKey
from service.openid.provider import Attempt
from service.people.passkeys import AnswerRefused, octets, text
from service.people.rules import is_challenge, new_challenge
from service.web.once import Once

SECRET_BYTES = 32
BETWEEN = "."


@dataclass(frozen=True, slots=True)
class Journey:
    """What a browser keeps while its person is away: a secret, and the link of an enrolment if it is one."""

    secret: str
    link: str = ""

    @classmethod
    def begin(cls, random: Randomness, link: str = "") -> Journey:
        """A new one."""
        return cls(text(random(SECRET_BYTES)), link)

    @classmethod
    def kept(cls, cookie: str) -> Journey:
        """The one that a browser kept."""
        secret, _, link = cookie.partition(BETWEEN)
        return cls(secret, link)

    @property
    def cookie(self) -> str:
        """What the browser keeps."""
        return f"{self.secret}{BETWEEN}{self.link}" if self.link else self.secret

    @property
    def purpose(self) -> str:
        """What its state serves for: this browser, and this link or none."""
        return f"organisation {hashlib.sha256(self.cookie.encode()).hexdigest()}"


def new_state(journey: Journey, key: PeopleKey, *, now: datetime, random: Randomness) -> str:
    """What comes back with the person: proves that this browser was sent, when, and serves once."""
    return text(new_challenge(key, journey.purpose, now=now, random=random))


def is_state(journey: Journey, state: str, key: PeopleKey, *, now: datetime, once: Once) -> bool:
    """Whether this browser was sent with this state a short while ago, and comes back for the first time."""
    try:
        challenge = octets(state)
    except AnswerRefused:
        return False
    return text(challenge) == state and is_challenge(challenge, key, journey.purpose, now=now, once=once)


def attempt_of(journey: Journey, state: str, key: PeopleKey, redirect_uri: str) -> Attempt:
    """The nonce and the verifier of a state: they follow from it, from the browser's secret and our key."""
    said = f"{journey.secret} {state}".encode()
    return Attempt(
        redirect_uri=redirect_uri,
        state=state,
        nonce=text(key.mac("organisation nonce", said)),
        verifier=text(key.mac("organisation verifier", said)),
    )
