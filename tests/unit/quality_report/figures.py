"""What a linkage worker told of two providers, controlled by the real control from numbers drawn by hand."""

from __future__ import annotations

from dataclasses import replace

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.reports import LinkageOfDataSets, LinkedProviders
from linkage_engine.contract.thresholds import WEIGHT_EDGES
from linkage_engine.disclosure.linkage import ExactLinkage, controlled_figures
from linkage_engine.disclosure.linkage_quality import ExactQuality
from tests.unit.disclosure.tables import DEFAULT

BANDS = len(WEIGHT_EDGES) + 1
QUALITY = ExactQuality(
    outcome="chosen",
    is_settled=True,
    strict=7.3,
    lenient=-4.1,
    links_strict=1000,
    links_lenient=1110,
    false_rate_strict=0.0009,
    false_rate_lenient=0.07,
    pair_weights=(0,) * 4 + (10, 20, 40) + (100,) * (BANDS - 7),
    decoy_weights=(50, 40, 30, 20, 13, 12) + (0,) * (BANDS - 6),
    unlinkable_a=14,
    unlinkable_b=3,
    duplicates_a=0,
    duplicates_b=40,
    matches_at_least=1131.7,
    numbered_pairs=900,
    numbered_links=870,
    numbered_correct=868,
)
EXACT = ExactLinkage(
    records_a=1205,
    records_b=8000,
    links=1095,
    candidate_pairs=51_234,
    decoys=4,
    left_out={"dob": {"tokens": 7, "records": 812}},
    match_weight_threshold=3.3761,
    estimated_false_link_rate=0.008,
    untrained_comparisons=(),
    seconds={},
    quality=QUALITY,
)
FEW = ControlledValue(value=None, status=CellStatus.LOW)


def linkage(exact: ExactLinkage = EXACT) -> LinkageOfDataSets:
    figures = controlled_figures(exact, DEFAULT)
    return LinkageOfDataSets(
        data_set_from=("cancer-registry",),
        linked_to_from=("gp-federation",),
        policy="nhs-cancer-default",
        linkage_profile=LinkageProfile.TOKENS,
        effective_threshold=13,
        rounding="midpoint6",
        providers=(
            LinkedProviders(
                first="cancer-registry",
                second="gp-federation",
                repeated_first=FEW,
                repeated_second=FEW,
                figures=figures,
            ),
        ),
    )


LINKAGE = linkage()
NO_OVERLAP = linkage(replace(EXACT, links=0, quality=replace(QUALITY, outcome="no-overlap", links_strict=0)))
ONE_PROVIDER = LINKAGE.model_copy(update={"providers": (), "linked_to_from": ("cancer-registry",)})
