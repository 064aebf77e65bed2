"""A resubmission: only pairs with a new or changed record are compared, and all compete anew."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.link.engine import Database
from linkage_engine.link.kept import compared_of
from linkage_engine.link.linking import LinkResult, LinkSettings, compared_pairs, linked, weighed_pairs
from linkage_engine.link.matching import Compared, quiet
from linkage_engine.link.model import PairModel
from linkage_engine.link.prepare import SomeKeys, numbers_of, prepared
from linkage_engine.link.profiles import MODELS


@dataclass(frozen=True, slots=True, repr=False)
class Earlier:
    """What an earlier linkage of nearly the same records left, and whom it did not know."""

    model: PairModel
    kept: pa.Table
    """As `LinkResult.kept`."""
    fresh: SomeKeys
    """The person keys that are new, or whose records have changed."""


def relink_pair(
    database: Database,
    a: pa.Table,
    b: pa.Table,
    *,
    settings: LinkSettings,
    earlier: Earlier,
) -> LinkResult:
    """The links between two identifier parts, of which pairs without a fresh record were compared before.

    The model is the earlier one. Tokens that too many records share are those of the whole parts, and the
    threshold is chosen anew from all pairs, between and within the files, as when everything is linked.
    Raises CannotLink, without the words of the libraries.
    """
    started, model = time.perf_counter(), earlier.model
    with quiet():
        ready = prepared(a, b, MODELS[settings.profile], fresh=earlier.fresh)
        prepare = time.perf_counter() - started
        found = compared_pairs(database, ready, model.comparisons, records=model.records)
    numbers = numbers_of(ready.person_keys, earlier.fresh, records_a=ready.records_a)
    before = compared_of(
        earlier.kept, model.comparisons, ready.person_keys, records_a=ready.records_a, fresh=numbers
    )
    both = Compared.together([before, found], model.comparisons).ordered()
    seconds = {"prepare": prepare, "predict": time.perf_counter() - started - prepare}
    return linked(weighed_pairs(database, ready, both, model, seconds), settings)
