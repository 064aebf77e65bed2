"""Where a PKCS#11 token keeps a key: its address (RFC 7512)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from linkage_engine.contract.refusals import RefusalCode, TokenRefused

SCHEME: Final = "pkcs11:"
_NEEDED: Final = frozenset({"token", "object", "module-path", "pin-source"})
_KIND: Final = "secret-key"


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where a key lies: the token's library and label, the key's label, and the file of the PIN."""

    address: str
    token: str
    label: str
    library: Path
    pin_file: Path

    @classmethod
    def parse(cls, address: str) -> Self:
        """The key that an address names.

        `pkcs11:token=LABEL;object=LABEL?module-path=/LIBRARY.so&pin-source=file:/PIN/FILE` (RFC 7512 section
        2.3), with no other attribute but `type=secret-key`. Raises `TokenRefused`, TOKEN_ADDRESS_INVALID.
        """
        path, _, query = address.removeprefix(SCHEME).partition("?")
        pairs = [part.partition("=") for part in (*path.split(";"), *query.split("&"))]
        named = {name: _read(value) for name, _, value in pairs}
        kind = named.pop("type", _KIND)
        library, pin_file = (
            Path(named.get("module-path", "")),
            Path(named.get("pin-source", "").removeprefix("file:")),
        )
        well_made = (
            address.startswith(SCHEME)
            and address.isascii()
            and address.isprintable()
            and len({name for name, *_ in pairs}) == len(pairs)
            and named.keys() == _NEEDED
            and all(named.values())
            and kind == _KIND
        )
        if not (well_made and library.is_absolute() and pin_file.is_absolute()):
            raise TokenRefused(RefusalCode.TOKEN_ADDRESS_INVALID)
        return cls(address, named["token"], named["object"], library, pin_file)


def _read(value: str) -> str:
    """A value whose %XX are read; nothing of the vault imports what could also speak to a network."""
    return re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), value)
