"""The certificate of a destruction as one file: what each worker signed, and its proof in the log."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from linkage_engine.contract.permit import PublicKey
from service.audit.archive import KEYS
from service.audit.canonical import canonical
from service.audit.checkpoint import encode
from service.audit.log import proof_for
from service.destructions.records import Asked, Share, entry_of, shares_of
from service.problems.withdrawals import NotDestroyedYet
from service.signed import TextType, verified_bytes

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The same certificate gives the same bytes: members carry no time of their own."""


def certificate_bytes(session: Session, asked: Asked, keys: Mapping[str, tuple[PublicKey, ...]]) -> bytes:
    """The certificates of all workers as one zip file, with the public keys by role that made them.

    Raises NotDestroyedYet while an entry is not in the log's tree, and SignatureRefused for a certificate
    that its worker did not sign.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for name, data in _members(session, asked, keys):
            member = zipfile.ZipInfo(name, BEGINNING)
            member.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(member, data)
    return target.getvalue()


def _members(
    session: Session, asked: Asked, keys: Mapping[str, tuple[PublicKey, ...]]
) -> Iterator[tuple[str, bytes]]:
    shares = shares_of(session, asked)
    named = {share.role: [key.model_dump(mode="json") for key in keys[share.role]] for share in shares}
    yield KEYS, canonical(named) + b"\n"
    for share in shares:
        yield f"{share.role}.json", canonical(_said(session, share, keys[share.role])) + b"\n"


def _said(session: Session, share: Share, keys: tuple[PublicKey, ...]) -> dict[str, object]:
    entry, proof = entry_of(session, share), proof_for(session, share.entry_id)
    assert entry is not None  # made in one transaction with the share
    assert share.certificate is not None  # the caller has seen that it is destroyed
    if proof is None:
        raise NotDestroyedYet(state="waiting-for-the-log")
    payload, _ = verified_bytes(share.certificate, keys, TextType.DESTRUCTION)
    return {
        "statement": json.loads(payload),
        "signature": share.certificate,
        "log": {
            "entry": entry.to_entry().to_canonical().decode(),
            "salt": encode(entry.salt),
            "proof": proof.to_text(),
        },
    }
