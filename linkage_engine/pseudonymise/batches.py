"""Encoding a whole file: batch after batch, on several processes, with the same result for any number."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.padding import Padding
from linkage_engine.pseudonymise.spellings import Spellings
from linkage_engine.pseudonymise.tokens import Random, encode

BATCH_ROWS = 32_768
"""Enough that names repeat, and little enough that a batch's columns are some fifty megabytes."""
_KEY_BYTES, _BLOCK_BYTES = 32, 16
Asked = tuple[pa.Table, bytes, int]


@dataclass(frozen=True)
class BatchEncoder:
    """Encodes batches of one file under one encoding; what was spelt in one batch is known in the next."""

    encoding: Encoding
    spellings: Spellings = field(default_factory=Spellings)
    padding: Padding | None = None
    """Of the whole file."""

    def __call__(self, records: pa.Table, key: bytes, start: int) -> pa.Table:
        """The encoded batch from row `start` on; its lists are filled up by padding, else from the key."""
        padding = self.padding and self.padding.part(start, records.num_rows)
        return encode(
            records, self.encoding, random=key_stream(key), spellings=self.spellings, padding=padding
        )


def encoded_batches(
    records: pa.Table, encoder: BatchEncoder, *, random: Random, workers: int = 1
) -> Iterator[pa.Table]:
    """The encoded rows in their order, at most `workers` + 1 batches of them in memory at a time.

    Each batch is filled up from a key drawn here, so that the result depends on `random` and not on who
    encodes what. A file of one batch is encoded by this process; more are shared out to forked ones, where
    there are several workers and the system can fork. Raises what `encode` raises, before it encodes.
    """
    encoder(records.slice(0, 0), bytes(_KEY_BYTES), 0)
    asked = ((batch, random(_KEY_BYTES), start) for start, batch in _batches(records))
    if min(workers, -(-records.num_rows // BATCH_ROWS)) <= 1 or not _can_fork():
        return (encoder(*batch) for batch in asked)
    return _side_by_side(asked, encoder, workers)


def _batches(records: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    for start in range(0, max(records.num_rows, 1), BATCH_ROWS):
        yield start, records.slice(start, BATCH_ROWS)


def _can_fork() -> bool:
    return "fork" in multiprocessing.get_all_start_methods()


def _side_by_side(asked: Iterator[Asked], encoder: BatchEncoder, workers: int) -> Iterator[pa.Table]:
    # A forked process has the encoder, with the secret in it, from its parent's memory: it is sent nowhere.
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, forked, _keep, (encoder,)) as pool:
        waiting: deque[Future[pa.Table]] = deque()
        for batch in asked:
            waiting.append(pool.submit(_encoded, *batch))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_OF_THIS_PROCESS: list[BatchEncoder] = []


def _keep(encoder: BatchEncoder) -> None:
    _OF_THIS_PROCESS[:] = [encoder]


def _encoded(batch: pa.Table, key: bytes, start: int) -> pa.Table:
    return _OF_THIS_PROCESS[0](batch, key, start)


def key_stream(key: bytes) -> Callable[[int], bytes]:
    """Bytes that nobody without the key tells from random ones: AES-256 in counter mode over noughts."""
    stream = Cipher(AES(key), CTR(bytes(_BLOCK_BYTES))).encryptor()
    return lambda size: stream.update(bytes(size))
