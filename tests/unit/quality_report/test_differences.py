from __future__ import annotations

import pytest

from linkage_engine.quality_report.differences import share_in, standardised_difference


def test_a_difference_is_that_of_two_shares_over_their_deviation() -> None:
    # p1 = .5, p2 = .4: .1 / sqrt((.25 + .24) / 2)
    assert standardised_difference(0.5, 0.4) == pytest.approx(0.1 / 0.245**0.5)
    assert standardised_difference(0.4, 0.5) == pytest.approx(-0.1 / 0.245**0.5)


def test_equal_shares_do_not_differ() -> None:
    assert standardised_difference(0.3, 0.3) == 0
    assert standardised_difference(0.0, 0.0) == 0


@pytest.mark.parametrize("shares", [(None, 0.5), (0.5, None), (1.0, 0.0)])
def test_where_a_share_is_unknown_or_nothing_varies_there_is_no_difference(
    shares: tuple[float | None, float | None],
) -> None:
    assert standardised_difference(*shares) is None


def test_rounded_numbers_that_do_not_fit_make_no_share_beyond_all_or_nothing() -> None:
    assert [share_in(12, 9), share_in(-3, 9), share_in(3, 9), share_in(3, 0)] == [1, 0, 1 / 3, None]
