from __future__ import annotations

import pytest

from linkage_engine.catalogue.age_bands import AgeBanding, age_bandings

every_banding = pytest.mark.parametrize("banding", age_bandings().bandings, ids=lambda b: b.name)


@every_banding
def test_every_age_lies_in_exactly_one_band(banding: AgeBanding) -> None:
    for age in range(130):
        fitting = [b for b in banding.bands if b.youngest <= age and (b.oldest is None or age <= b.oldest)]
        assert len(fitting) == 1


def test_finer_bands_lie_within_broader_ones() -> None:
    broad, fine = (age_bandings().named(name) for name in ("broad", "ten_year"))
    assert broad is not None
    assert fine is not None
    assert set(broad.starts) < set(fine.starts)


def test_labels_are_words_that_no_spreadsheet_reads_as_a_date() -> None:
    banding = age_bandings().named("broad")
    assert banding is not None
    assert [b.label for b in banding.bands] == ["0 to 44", "45 to 64", "65 to 74", "75 to 84", "85 and over"]


def test_an_unknown_banding_is_nothing() -> None:
    assert age_bandings().named("by_star_sign") is None
