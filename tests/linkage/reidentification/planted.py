"""A small England encoded, and the same with leaks put in on purpose."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np
import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.reidentification.evaluate import drawn
from linkage_engine.laboratory.reidentification.guesses import guesses
from linkage_engine.laboratory.reidentification.people import People
from linkage_engine.laboratory.reidentification.scores import Score, scores, told_by_known
from linkage_engine.laboratory.reidentification.seen import Codes, Seen
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from linkage_engine.pseudonymise.variants import near

RECORDS = 4000
SEED = 2


def encoded(identifiers: pa.Table, profile: LinkageProfile = LinkageProfile.TOKENS) -> pa.Table:
    """Tokens under a secret of their own."""
    secret = LinkageSecret.generate(secrets.token_bytes)
    encoding = Encoding(secret, project_id="laboratory", epoch=1, profile=profile)
    return encode(identifiers, encoding, random=secrets.token_bytes)


def attacked(people: People, seen: Seen, *, known: int, strategy: str | None = None) -> dict[str, Score]:
    """The scores of the attack with so many known people, or of one strategy of it."""
    taught = drawn(people, known, seed=SEED)
    tried = guesses(seen, taught, people.public, uses_tables=True)
    chosen = (guess for guess in tried if strategy in {None, guess[0]})
    return scores(chosen, people.true, told_by_known(seen, taught.rows), taught.rows)


def with_tokens_of_names(people: People, seen: Seen) -> Seen:
    """The family name's token hangs on the name alone, as if the anchor had been forgotten."""
    codes = _renamed(people.true["family_name"])
    return replace(seen, scalars={**seen.scalars, "family_dob": codes})


def without_padding(people: People, seen: Seen) -> Seen:
    """Lists as long as there are spellings near a name."""
    spelt = people.public.names["family_name"]
    lengths = np.array([0 if code < 0 else len(near(spelt[code])) for code in people.true["family_name"]])
    return replace(seen, lengths={**seen.lengths, "near_family_dob": lengths})


def without_spellings(seen: Seen) -> Seen:
    """No lists at all, so that nothing tells how long a name is."""
    return replace(seen, lists={name: np.full_like(codes, -1) for name, codes in seen.lists.items()})


def _renamed(values: Codes) -> Codes:
    found, codes = np.unique(values, return_inverse=True)
    return np.where(values < 0, -1, np.random.default_rng(1).permutation(len(found))[codes])
