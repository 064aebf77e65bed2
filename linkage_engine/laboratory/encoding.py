"""What a provider's tool would make of a file, under a secret of its own for each call."""

from __future__ import annotations

import secrets

import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.pseudonymise.batches import BatchEncoder, encoded_batches
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.padding import Padding
from linkage_engine.pseudonymise.secret import LinkageSecret

KEY_BYTES = 32


def encoded(*files: pa.Table, profile: LinkageProfile, workers: int = 1) -> tuple[pa.Table, ...]:
    """The columns of a profile for each file, all under one new secret, batch after batch as providers do it.

    Each has a column of person keys first, in the order of its rows, so that record numbers are positions.
    """
    secret = LinkageSecret.generate(secrets.token_bytes)
    encoding = Encoding(secret, project_id="laboratory", epoch=1, profile=profile)
    return tuple(_encoded(identifiers, encoding, workers) for identifiers in files)


def _encoded(identifiers: pa.Table, encoding: Encoding, workers: int) -> pa.Table:
    keys = [f"{row:016x}{0:016x}" for row in range(identifiers.num_rows)]
    padding = Padding.of(secrets.token_bytes(KEY_BYTES), keys)
    batches = encoded_batches(
        identifiers,
        BatchEncoder(encoding, padding=padding),
        random=secrets.token_bytes,
        workers=workers,
    )
    return pa.concat_tables(batches).add_column(0, "person_key", pa.array(keys, pa.string()))
