"""When a linkage may be run, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from linkage_engine.contract.reports import SpineFigures
from service.problems.linkage_secrets import EarlierLinkageSecret
from service.problems.results import NothingToLink

PROVIDERS = 2
"""Fewer providers have nobody to link to."""


class RunState(StrEnum):
    """Where a linkage run stands."""

    ASKED = "asked"
    LINKED = "linked"
    FINISHED = "finished"
    FAILED = "failed"


class RunEvent(StrEnum):
    """What happens to a linkage run."""

    LINKED = "linked"
    CROSSWALK_RECEIVED = "crosswalk-received"
    FAILED = "failed"


TRANSITIONS: Mapping[tuple[RunState, RunEvent], RunState] = {
    (RunState.ASKED, RunEvent.LINKED): RunState.LINKED,
    (RunState.ASKED, RunEvent.FAILED): RunState.FAILED,
    (RunState.LINKED, RunEvent.CROSSWALK_RECEIVED): RunState.FINISHED,
    (RunState.LINKED, RunEvent.FAILED): RunState.FAILED,
}
"""Every change there is; any other event changes nothing, so that a job may come twice."""


def next_state(state: RunState, event: RunEvent) -> RunState | None:
    """The state after an event, or nothing when it changes nothing."""
    return TRANSITIONS.get((state, event))


def told_changes(spine: SpineFigures) -> dict[str, int]:
    """What may be entered of changes to the person spine: numbers that are hidden are left out."""
    told = ((name, getattr(spine, name).value) for name in SpineFigures.model_fields)
    return {name: int(value) for name, value in told if value is not None}


def check_one_secret(made_with: Mapping[str, tuple[int, str]], in_force: tuple[int, str]) -> None:
    """Raise EarlierLinkageSecret, naming the providers, unless all deliveries are of the secret in force.

    Secrets are given as epoch and key check, `made_with` by provider.
    """
    earlier = sorted(provider for provider, secret in made_with.items() if secret != in_force)
    if earlier:
        raise EarlierLinkageSecret(providers=", ".join(earlier))


def check_can_link(providers: Collection[str]) -> None:
    """Raise NothingToLink unless enough providers have an accepted delivery."""
    if len(set(providers)) < PROVIDERS:
        raise NothingToLink(providers=len(set(providers)))
