"""Bech32 without a length limit: the text form of age recipients and identities.

BIP-173 as age uses it: post-quantum recipients are 1,959 characters long, far over the 90 of
the original; no correction of errors is ever attempted.
"""

from __future__ import annotations

from collections.abc import Iterable

_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_CHARACTERS)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_DIGIT_BITS = 5
_BYTE_BITS = 8


def encode(prefix: str, data: bytes) -> str:
    """The lower-case text of some bytes under a human-readable prefix."""
    digits, rest, bits = _regroup(data, _BYTE_BITS, _DIGIT_BITS)
    if bits:
        digits.append(rest << (_DIGIT_BITS - bits))
    prefix = prefix.lower()
    digits += _checksum(prefix, digits)
    return prefix + "1" + "".join(_CHARACTERS[digit] for digit in digits)


def decode(text: str) -> tuple[str, bytes] | None:
    """The prefix, in the case of the text, and the bytes; nothing for a text that is not strict Bech32."""
    prefix, separator, body = text.rpartition("1")
    lowered = body.lower()
    if not (prefix and separator and prefix.isascii() and text in {text.lower(), text.upper()}):
        return None
    if len(body) < _CHECKSUM_LENGTH or any(character not in _VALUES for character in lowered):
        return None
    digits = [_VALUES[character] for character in lowered]
    payload, checksum = digits[:-_CHECKSUM_LENGTH], digits[-_CHECKSUM_LENGTH:]
    if checksum != _checksum(prefix.lower(), payload):
        return None
    data, rest, bits = _regroup(payload, _DIGIT_BITS, _BYTE_BITS)
    if rest or bits >= _DIGIT_BITS:  # padding is short and zero: one text for one value
        return None
    return prefix, bytes(data)


def _regroup(values: Iterable[int], source_bits: int, target_bits: int) -> tuple[list[int], int, int]:
    """Digits of another width, then the value and number of the bits left over."""
    digits: list[int] = []
    rest = bits = 0
    for value in values:
        rest = rest << source_bits | value
        bits += source_bits
        while bits >= target_bits:
            bits -= target_bits
            digits.append(rest >> bits)
            rest &= (1 << bits) - 1
    return digits, rest, bits


def _checksum(prefix: str, digits: list[int]) -> list[int]:
    """The six checksum digits of BIP-173."""
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    remainder = 1
    for value in (*expanded, *digits, *(0,) * _CHECKSUM_LENGTH):
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for position, term in enumerate(_GENERATOR):
            if top >> position & 1:
                remainder ^= term
    remainder ^= 1
    return [remainder >> 5 * (_CHECKSUM_LENGTH - 1 - i) & 31 for i in range(_CHECKSUM_LENGTH)]
