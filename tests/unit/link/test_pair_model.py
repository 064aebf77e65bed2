from __future__ import annotations

import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.thresholds import Thresholds
from linkage_engine.link.model import PairModel
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.threshold import Threshold, three_levels


def test_a_model_is_the_same_after_being_kept_as_text() -> None:
    model = PairModel(MODELS[LinkageProfile.TOKENS].comparisons, ("sex",), 1000)
    assert PairModel.from_json(model.to_json()) == model


@pytest.mark.parametrize("text", [b"{}", b"not JSON", b'{"comparisons":[{"name":1}],"untrained":[]}'])
def test_another_text_is_no_model(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # pydantic's own, a ValueError
        PairModel.from_json(text)


@pytest.mark.parametrize("weights", [(1.0, 2.0, 0.0), (3.0, 2.0, 2.5)])
def test_thresholds_that_rise_are_refused(weights: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="thresholds fall"):
        Thresholds(*weights)


def test_the_primary_threshold_is_the_chosen_one() -> None:
    levels = three_levels(Threshold(4.5, 0.01, strict=9.0, lenient=1.5))
    assert (levels.strict, levels.primary, levels.lenient) == (9.0, 4.5, 1.5)
