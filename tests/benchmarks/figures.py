"""The benchmarks: medians over several turns, and the ratio to a peer measured in the same turns."""

from __future__ import annotations

import hashlib
import io
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import migrations
from linkage_engine.laboratory.england.write import write_england
from linkage_engine.laboratory.linkage import Profile, evaluate_linkage
from linkage_engine.laboratory.records import normalised, read_fields, read_records
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from linkage_engine.sealing.seal import seal
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal
from service.audit.checkpoint import LogSigner
from service.audit.log import integrate, record
from service.audit.vocabulary import Action
from service.clock import utc_now
from service.database import engine_for, sessions
from tests.benchmarks.sink import Discard
from tests.benchmarks.upload import upload

TURNS = 5
AGE_BYTES = 256 << 20
CHUNK = 1 << 16
PEOPLE = 20_000
ACTS = 400
Figures = dict[str, object]


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def age_codec() -> Figures:
    """Sealing and unsealing against bare ChaCha20-Poly1305 with SHA-256 over the same bytes."""
    identity = Identity.generate(secrets.token_bytes)
    data = secrets.token_bytes(1 << 20) * (AGE_BYTES >> 20)
    sealed = io.BytesIO()
    recipients = [identity.recipient]
    seal(io.BytesIO(data), sealed, recipients=recipients, random=secrets.token_bytes)
    cipher = ChaCha20Poly1305(secrets.token_bytes(32))

    def bare() -> None:
        digest, view = hashlib.sha256(), memoryview(data)
        for number, start in enumerate(range(0, len(data), CHUNK)):
            digest.update(cipher.encrypt(number.to_bytes(12, "big"), view[start : start + CHUNK], None))

    def ours() -> None:
        seal(io.BytesIO(data), Discard(), recipients=recipients, random=secrets.token_bytes)

    def back() -> None:
        sealed.seek(0)
        unseal(sealed, Discard(), identities=[identity])

    bare_s, seal_s, unseal_s = (
        statistics.median(times)
        for times in zip(
            *((_seconds(bare), _seconds(ours), _seconds(back)) for _ in range(TURNS)), strict=True
        )
    )
    return {
        "bytes": AGE_BYTES,
        "seal_mb_per_second": AGE_BYTES / seal_s / 1e6,
        "unseal_mb_per_second": AGE_BYTES / unseal_s / 1e6,
        "bare_mb_per_second": AGE_BYTES / bare_s / 1e6,
        "seal_to_bare_ratio": bare_s / seal_s,
    }


def encode_tokens() -> Figures:
    """Tokens of a federation's people: rows a second."""
    with tempfile.TemporaryDirectory() as folder:
        write_england(Path(folder), people=PEOPLE, seed=1)
        known = Path(folder) / "known-truth"
        fields = read_fields(known / "fields.json")
        people = read_records(known / "gp-federation.csv", fields=fields, truth="person")
    identifiers: pa.Table = normalised(people.identifiers)
    secret = LinkageSecret.generate(secrets.token_bytes)
    taken = statistics.median(
        _seconds(
            lambda: encode(
                identifiers, secret=secret, project_id="bench", epoch=1, random=secrets.token_bytes
            )
        )
        for _ in range(TURNS)
    )
    return {"rows": identifiers.num_rows, "rows_per_second": identifiers.num_rows / taken}


def link_registry_to_practices() -> Figures:
    """Linking tokens against linking plaintext, on the same people, thresholds chosen without truth."""
    with tempfile.TemporaryDirectory() as folder:
        write_england(Path(folder), people=PEOPLE, seed=1)
        known = Path(folder) / "known-truth"
        fields = read_fields(known / "fields.json")
        a, b = (
            read_records(known / f"{name}.csv", fields=fields, truth="person")
            for name in ("cancer-registry", "gp-federation")
        )
    tokens, plaintext = (
        evaluate_linkage(a, b, profile=profile, threads=2, seed=1).as_json()
        for profile in (Profile.TOKENS, Profile.PLAINTEXT)
    )
    return {"tokens": tokens, "plaintext": plaintext}


def audited_acts() -> Figures:
    """Entries a second into the database, one commit an act and fifty a commit, and into the tree."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/control.db"
        migrations.upgrade(url)
        made = sessions(engine_for(url))
        signer = LogSigner("bench/log", Ed25519PrivateKey.generate())

        def enter(together: int) -> float:
            def act() -> None:
                for _ in range(ACTS // together):
                    with made() as session:
                        for _ in range(together):
                            record(
                                session,
                                Action.LOG_HEARTBEAT,
                                actor="bench",
                                subject="log",
                                clock=utc_now,
                                random=secrets.token_bytes,
                            )
                        session.commit()

            return ACTS / _seconds(act)

        def grow() -> None:
            with made() as session:
                integrate(session, signer=signer, clock=utc_now, limit=10 * ACTS)
                session.commit()

        single, grouped = enter(1), enter(50)
        into_tree = 2 * ACTS / _seconds(grow)
    return {
        "commit_mode": "SQLite WAL, synchronous=FULL",
        "acts_per_second_one_a_commit": single,
        "acts_per_second_fifty_a_commit": grouped,
        "entries_per_second_into_the_tree": into_tree,
    }


BENCHMARKS: Mapping[str, Callable[[], Figures]] = {
    "age-codec": age_codec,
    "audited-acts": audited_acts,
    "encode-tokens": encode_tokens,
    "link-registry-to-practices": link_registry_to_practices,
    "upload": upload,
}
"""Every benchmark by the name of its file in build/bench/."""
