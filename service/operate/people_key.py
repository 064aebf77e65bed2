"""The key of sign-ins by browser, for installations from before there were any.

Its file appears whole or not at all, and after its entry: it is written beside the key folders, where only
who set up writes, given to the api, and linked into place, which replaces nothing and follows no link.
"""

from __future__ import annotations

import os
from pathlib import Path

from service.clock import Randomness
from service.keys import PEOPLE_KEY_BYTES, PeopleKey
from service.operate.folders import user_of
from service.operate.installation import Home
from service.problems.tools import PeopleKeyThere


def prepare(home: Home, random: Randomness) -> None:
    """Write a key that nothing uses yet; raises PeopleKeyThere, or PermissionError for a stranger."""
    if os.path.lexists(home.people_key):
        raise PeopleKeyThere
    waiting = _waiting(home)
    waiting.unlink(missing_ok=True)  # of a run that was broken off
    PeopleKey.write(waiting, random(PEOPLE_KEY_BYTES))
    if home.read().separate_users:
        os.chown(waiting, *user_of("api"))


def put_in_place(home: Home) -> None:
    """Give the api the key that was prepared; raises PeopleKeyThere where another came before it."""
    waiting = _waiting(home)
    try:
        os.link(waiting, home.people_key)
    except FileExistsError:
        raise PeopleKeyThere from None
    finally:
        waiting.unlink()


def _waiting(home: Home) -> Path:
    return home.root / "keys" / "people.key.new"
