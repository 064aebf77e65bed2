"""What providers signed for beyond the permit's policy: it never loosens again.

Each worker notes in its own folder what it held a project to last: rows that are taken away change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from linkage_engine.catalogue.policies import tightest
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import AS_PERMITTED, Tightened, Tightening
from service.act import Act
from service.mirror.records import tightenings_of
from service.worker import trust
from service.worker.files import replace_bytes
from service.worker.roles import Surroundings


def tightened_for(act: Act, surroundings: Surroundings, permit: Permit) -> Tightened:
    """What a project is held to beside its permit's policy, noted before it is used; raises NotTrusted."""
    texts = [each.tightening for each in tightenings_of(act.session, permit.project_id)]
    path = surroundings.permits.with_name("tightenings") / f"{permit.project_id}.json"
    known = _known(path)
    found = together(known, trust.tightenings(texts, permit))
    if found != known:
        try:
            replace_bytes(path, found.to_json().encode())
        except OSError:
            raise NotTrusted(RefusalCode.VAULT_FULL) from None
    return found


def together(known: Tightened, signed: Sequence[Tightening]) -> Tightened:
    """What was noted and what providers signed come to: of everything the strictest."""
    return Tightened(
        policies=tightest([*known.policies, *(each.policy for each in signed)]),
        least_persons=max([known.least_persons, *(each.least_persons or 0 for each in signed)]),
    )


def _known(path: Path) -> Tightened:
    try:
        return Tightened.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return AS_PERMITTED
    except (OSError, ValidationError):
        raise NotTrusted(RefusalCode.VAULT_DAMAGED) from None
