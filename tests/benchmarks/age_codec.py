"""Sealing and unsealing a stream of 1 GiB against the bare cipher over the same chunks."""

from __future__ import annotations

import hashlib
import io
import secrets
import tempfile

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from linkage_engine.sealing.digest import DigestingFile
from linkage_engine.sealing.seal import seal
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal
from tests.benchmarks.measure import Budget, Figures, main, medians
from tests.benchmarks.streams import Discard, Repeated

TURNS = 3
MIB = 1 << 20
CHUNK = 1 << 16
BUDGETS = (
    Budget("seal_to_bare_ratio", 0.8),
    Budget("peak_rss_bytes", 64e6, at_least=False),
)


def figures(scale: float) -> Figures:
    """Streams from memory to nowhere; the peer works on the same mebibyte, again and again."""
    count = max(1, round(1024 * scale))
    block = secrets.token_bytes(MIB)
    identity = Identity.generate(secrets.token_bytes)
    cipher = ChaCha20Poly1305(secrets.token_bytes(32))
    chunks = [memoryview(block)[start : start + CHUNK] for start in range(0, MIB, CHUNK)]

    def bare() -> None:
        for number in range(count * len(chunks)):
            cipher.encrypt(number.to_bytes(12, "big"), chunks[number % len(chunks)], None)

    def bare_with_digest() -> None:
        digest = hashlib.sha256()
        for number in range(count * len(chunks)):
            digest.update(cipher.encrypt(number.to_bytes(12, "big"), chunks[number % len(chunks)], None))

    def ours(target: io.BytesIO | DigestingFile) -> None:
        source = Repeated(block, count)
        seal(source, target, recipients=[identity.recipient], random=secrets.token_bytes)

    def ours_with_digest() -> None:
        target = DigestingFile(Discard())
        ours(target)
        target.finish()

    with tempfile.TemporaryFile(buffering=0) as sealed:
        seal(Repeated(block, count), sealed, recipients=[identity.recipient], random=secrets.token_bytes)

        def back() -> None:
            sealed.seek(0)
            unseal(sealed, Discard(), identities=[identity])

        bare_s, seal_s, unseal_s, peer_s, digested_s = medians(
            bare, lambda: ours(Discard()), back, bare_with_digest, ours_with_digest, turns=TURNS
        )
    megabytes = count * MIB / 1e6
    return {
        "bytes": count * MIB,
        "bare_mb_per_second": megabytes / bare_s,
        "seal_mb_per_second": megabytes / seal_s,
        "unseal_from_a_file_mb_per_second": megabytes / unseal_s,
        "seal_to_bare_ratio": bare_s / seal_s,
        "unseal_to_bare_ratio": bare_s / unseal_s,
        "bare_with_sha256_mb_per_second": megabytes / peer_s,
        "seal_with_sha256_mb_per_second": megabytes / digested_s,
        "with_sha256_ratio": peer_s / digested_s,
    }


if __name__ == "__main__":
    main(figures, *BUDGETS)
