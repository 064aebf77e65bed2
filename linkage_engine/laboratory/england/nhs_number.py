"""NHS numbers that can belong to nobody: valid check digit, first digit 9."""

from __future__ import annotations

WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2)
CAPACITY = 10**7
# A step that shares no factor with 10^7, so that neighbours get distant numbers and none repeats.
STEP, START = 7_368_787, 4_159_263


def check_digit(stem: str) -> int:
    """The tenth digit for nine digits, modulus 11; 10 means that the stem is not usable."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, stem, strict=True))
    return (11 - total % 11) % 11


def nhs_number(index: int) -> str:
    """The NHS number of the person with this index: unique below 10^7 and never issued.

    Issued numbers begin with 4, 6 or 7 (NHS Data Dictionary, NHS NUMBER); 9 holds the test range. The ninth
    digit is moved by one where the check digit would be 10: its weight is 2, so the next one is usable.
    """
    stem = f"9{(index * STEP + START) % CAPACITY:07d}"
    ninth = (index // 7) % 10
    if check_digit(f"{stem}{ninth}") == 10:  # noqa: PLR2004 - modulus 11 leaves 10 where no digit exists
        ninth = (ninth + 1) % 10
    return f"{stem}{ninth}{check_digit(f'{stem}{ninth}')}"
