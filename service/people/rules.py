"""Codes of authenticator apps, challenges of passkeys, and links: when each is accepted."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from service.clock import Randomness
from service.keys import PeopleKey
from service.web.once import Once

STEP_SECONDS, DIGITS = 30, 6
"""What every authenticator app does unless told otherwise (RFC 6238 §4)."""
STEPS_APART = 1
"""How far the person's clock may be ahead or behind, in steps."""
MOST_WRONG = 100
"""Wrong codes one after another, after which only a new enrolment helps (NIST SP 800-63B §5.2.2)."""
SECRET_BYTES = 20
CHALLENGE_SECONDS = 300
_NONCE, _MOMENT = 16, 8


def link_digest(link: str) -> str:
    """What is kept of an enrolment link."""
    return hashlib.sha256(link.encode()).hexdigest()


def is_open(expires_at: datetime, now: datetime, *, used: bool) -> bool:
    """Whether an enrolment link still serves."""
    return not used and now < expires_at


def code_at(secret: bytes, step: int) -> str:
    """The code of a step of 30 seconds (RFC 6238)."""
    # SHA-1 is what apps know; its weakness is collisions, which help nobody here (RFC 6238 §1.2).
    made = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
    return made.generate(step * STEP_SECONDS).decode()


def accepted_step(secret: bytes, code: str, *, now: datetime, last: int) -> int | None:
    """The step whose code this is, if it is about now and after the last one that was used; else nothing."""
    current = int(now.timestamp()) // STEP_SECONDS
    steps = range(current - STEPS_APART, current + STEPS_APART + 1)
    same = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code.encode())]
    return next((step for step in same if step > last), None)


def new_challenge(key: PeopleKey, purpose: str, *, now: datetime, random: Randomness) -> bytes:
    """A challenge that nobody has to remember: it says when it was made and proves who made it, for what."""
    made = random(_NONCE) + int(now.timestamp()).to_bytes(_MOMENT)
    return made + key.mac(f"challenge {purpose}", made)


def is_challenge(challenge: bytes, key: PeopleKey, purpose: str, *, now: datetime, once: Once) -> bool:
    """Whether a challenge is ours, for this purpose, not old, and answered for the first time."""
    made, mac = challenge[: _NONCE + _MOMENT], challenge[_NONCE + _MOMENT :]
    if not hmac.compare_digest(mac, key.mac(f"challenge {purpose}", made)):
        return False
    moment = int.from_bytes(made[_NONCE:])
    until = moment + CHALLENGE_SECONDS
    earliest = int(once.began.timestamp())  # what was answered before is forgotten
    return earliest <= moment and now.timestamp() < until and once.is_new(challenge, now=now, until=until)


def expiry(now: datetime, hours: int) -> datetime:
    """When an enrolment link that is made now is over."""
    return now + timedelta(hours=hours)
