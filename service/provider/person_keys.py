"""Person keys: a provider's own pseudonyms of its local person ids, the same in all its deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from linkage_engine.pseudonymise.secret import LinkageSecret, derived_key
from service.clock import Randomness
from service.problems.linkage_secrets import SecretKept
from service.problems.provider_tool import SecretUnusable
from service.problems.tools import KeyFolderUnusable
from service.provider.secret import SECRETS, keep_at, read_secret

OWN_SECRET = "person-keys.secret"  # noqa: S105  # the name of a file
PERSON_KEY_BYTES = 16
_KEY_BYTES = 32
_EVERY_EPOCH = 0
"""Person keys outlive the epochs of the linkage secret: nobody but the provider ever has their key."""


class PersonKeys:
    """Makes the person keys of one provider and project; shows nothing and cannot be pickled.

    A person key is the first 16 bytes of HMAC-SHA256 of the local person id. The key of that is derived, by
    HKDF with project and provider, from a secret that never leaves the provider's key folder. Neither the
    service nor another provider can compute one, also from a known local id, and no two projects have one in
    common.
    """

    __slots__ = ("_key", "padding_key")

    def __init__(self, own: LinkageSecret, *, project_id: str, provider_id: str) -> None:
        self._key, self.padding_key = (
            derived_key(
                own,
                project_id=project_id,
                epoch=_EVERY_EPOCH,
                label=(use, provider_id),
                size=_KEY_BYTES,
            )
            for use in ("person-key", "padding")
        )

    @classmethod
    def for_one_delivery(cls, random: Randomness) -> PersonKeys:
        """Keys that no other delivery will have: for looking at files that are not sealed."""
        return cls(LinkageSecret.generate(random), project_id="", provider_id="")

    def of(self, local_ids: Iterable[str]) -> list[str]:
        """The person key of each local person id, as 32 hexadecimal digits."""
        keyed = HMAC(self._key, SHA256())
        found = []
        for local_id in local_ids:
            mac = keyed.copy()
            mac.update(local_id.encode())
            found.append(mac.finalize()[:PERSON_KEY_BYTES].hex())
        return found

    def __repr__(self) -> str:
        return "PersonKeys(withheld)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("person keys cannot be pickled")


def own_secret(keys: Path, random: Randomness) -> LinkageSecret:
    """The key folder's secret of person keys, made when it is first asked for; raises KeyFolderUnusable."""
    path = keys / SECRETS / OWN_SECRET
    try:
        if not path.exists():
            with suppress(SecretKept):  # another run of the tool was first: its secret is read
                keep_at(path, LinkageSecret.generate(random))
        return read_secret(path)
    except SecretUnusable:
        raise KeyFolderUnusable from None
