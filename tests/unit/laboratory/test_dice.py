"""Draws that can be repeated."""

from __future__ import annotations

from linkage_engine.laboratory.england.dice import Dice, Weighted


def _dice(*, seed: int = 1, block: int = 0, purpose: int = 0) -> Dice:
    return Dice(seed, block=block, purpose=purpose)


def test_the_same_seed_block_and_purpose_give_the_same_draws() -> None:
    one, other = _dice(), _dice()
    assert [one.uniform() for _ in range(5000)] == [other.uniform() for _ in range(5000)]


def test_another_seed_block_or_purpose_gives_other_draws() -> None:
    draws = {tuple(dice.uniform() for _ in range(3)) for dice in (_dice(), _dice(seed=2), _dice(block=1))}
    draws.add(tuple(_dice(purpose=1).uniform() for _ in range(3)))
    assert len(draws) == 4


def test_weights_decide_how_often_a_value_is_drawn() -> None:
    dice = _dice()
    table = Weighted.of({"often": 9.0, "never": 0.0, "seldom": 1.0})
    drawn = [dice.draw(table) for _ in range(10_000)]
    assert drawn.count("never") == 0
    assert 800 < drawn.count("seldom") < 1200


def test_ranked_values_fall_in_frequency() -> None:
    dice = _dice()
    drawn = [dice.draw(Weighted.ranked(["first", "second", "third"], offset=1.0)) for _ in range(10_000)]
    assert drawn.count("first") > drawn.count("second") > drawn.count("third") > 0


def test_draws_stay_in_their_range() -> None:
    dice = _dice()
    assert {dice.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert {dice.pick("ab") for _ in range(100)} == {"a", "b"}
    spread = [dice.spread(10.0, 2.0) for _ in range(5000)]
    assert 3.0 <= min(spread) < max(spread) <= 17.0
    assert abs(sum(spread) / len(spread) - 10.0) < 0.2


def test_waiting_times_have_mean_one() -> None:
    dice = _dice()
    assert abs(sum(dice.waiting_time() for _ in range(20_000)) / 20_000 - 1.0) < 0.03
