"""What a provider pins out of band, typed in as its owner read it out: never taken from the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from linkage_engine.contract.permit import Party, PublicKey
from linkage_engine.contract.value import Slug, Value
from service.keys import FINGERPRINT_DIGITS, fingerprint
from service.problems.linkage_secrets import KeyNotPinned, PinnedKeyDiffers
from service.problems.tools import KeyFolderUnusable
from service.signed import thumbprint

PINS = "pins.json"
Thumbprint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{FINGERPRINT_DIGITS}}}$")]


class PinnedProvider(Value):
    """Another provider: the key it signs with, and the one that is sealed to."""

    thumbprint: Thumbprint
    fingerprint: Fingerprint


class ProviderPins(Value):
    """Everything that the owner of a key folder has pinned."""

    pins: int = 1
    governance: Thumbprint | None = None
    providers: dict[Slug, PinnedProvider] = Field(default_factory=dict)

    def check_governance(self, key: PublicKey) -> None:
        """Raise KeyNotPinned or PinnedKeyDiffers unless this is the pinned key of governance."""
        _check("governance", "signing-key", self.governance, thumbprint(key))

    def check_signing(self, party: Party) -> None:
        """Raise KeyNotPinned or PinnedKeyDiffers unless the party signs with the pinned key."""
        pin = self.providers.get(party.principal_id)
        _check(
            party.principal_id, "signing-key", pin.thumbprint if pin else None, thumbprint(party.signing_key)
        )

    def check_sealing(self, provider_id: str, recipient: str) -> None:
        """Raise KeyNotPinned or PinnedKeyDiffers unless the recipient is the provider's pinned one."""
        pin = self.providers.get(provider_id)
        _check(provider_id, "sealing-key", pin.fingerprint if pin else None, plain(fingerprint(recipient)))


def _check(whose: str, which: str, pinned: str | None, shown: str) -> None:
    fault = [{"pointer": f"/{whose}", "code": which}]
    if pinned is None:
        raise KeyNotPinned(faults=fault)
    if pinned != shown:
        raise PinnedKeyDiffers(faults=fault)


def plain(read_out: str) -> str:
    """A fingerprint without its spaces, in lower case."""
    return "".join(read_out.split()).lower()


def read_pins(keys: Path) -> ProviderPins:
    """The pins of a key folder; none at first."""
    try:
        return ProviderPins.model_validate_json((keys / PINS).read_bytes())
    except FileNotFoundError:
        return ProviderPins()
    except (OSError, ValidationError):
        raise KeyFolderUnusable from None


def pin_governance(keys: Path, key: str, *, replace: bool) -> None:
    """Pin whose permits are believed; raises PinnedKeyDiffers where another key is pinned."""
    pins = read_pins(keys)
    if pins.governance is not None and not replace:
        _check("governance", "signing-key", pins.governance, key)
    _write(keys, ProviderPins(governance=key, providers=pins.providers))


def pin_provider(keys: Path, provider_id: str, pin: PinnedProvider, *, replace: bool) -> None:
    """Pin another provider's keys; raises PinnedKeyDiffers where others are pinned."""
    pins = read_pins(keys)
    known = pins.providers.get(provider_id)
    if known not in {None, pin} and not replace:
        raise PinnedKeyDiffers(faults=[{"pointer": f"/{provider_id}", "code": "pinned-before"}])
    _write(keys, ProviderPins(governance=pins.governance, providers={**pins.providers, provider_id: pin}))


def _write(keys: Path, pins: ProviderPins) -> None:
    aside = keys / f"{PINS}.partial"
    aside.write_text(pins.model_dump_json(indent=2) + "\n", encoding="utf-8")
    aside.replace(keys / PINS)  # the old pins or the new ones, never half of them
