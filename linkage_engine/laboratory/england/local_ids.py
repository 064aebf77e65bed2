"""The providers, and their own identifiers of people."""

from __future__ import annotations

Row = dict[str, str]

REGISTRY, FEDERATION = "cancer-registry", "gp-federation"
TRUST, COUNCIL = "hospital-trust", "council"
COMMUNITY = "community-trust"

# Local identifiers permute the index, so that neither the number nor the order of rows joins the providers.
LOCAL_CAPACITY = 10**8
LOCAL_IDS = {
    REGISTRY: (61_803_399, 3_141_593),
    FEDERATION: (27_182_819, 57_721_567),
    TRUST: (41_421_357, 91_596_559),
    COUNCIL: (73_205_081, 20_205_691),
    COMMUNITY: (57_735_027, 46_692_017),
}


def local_id(provider: str, index: int) -> str:
    """The provider's own identifier of the person with this index; unique below 10^8."""
    step, start = LOCAL_IDS[provider]
    return f"{(index * step + start) % LOCAL_CAPACITY:08d}"
