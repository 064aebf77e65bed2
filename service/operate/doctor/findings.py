"""What an examination says: a state, what was seen, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """How something stands."""

    WELL = "well"
    WATCH = "watch"
    """It works, and somebody should know."""
    ILL = "ill"
    """It does not work, or does not keep what the service promises."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `do` says what to do unless it is well."""

    area: str
    state: State
    says: str
    do: str = ""

    def __post_init__(self) -> None:
        if (self.state is State.WELL) != (not self.do):
            raise ValueError("what is not well needs something to do, and only that")


def well(area: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(area, State.WELL, says)


def watch(area: str, says: str, do: str) -> Finding:
    """Somebody should know."""
    return Finding(area, State.WATCH, says, do)


def ill(area: str, says: str, do: str) -> Finding:
    """Something has to be done."""
    return Finding(area, State.ILL, says, do)


def as_lines(findings: Iterable[Finding]) -> list[str]:
    """The findings for a person: what is to be done under what it is about."""
    lines = []
    for each in findings:
        lines.append(f"{each.state.value:<5}  {each.area}: {each.says}")
        if each.do:
            lines.append(f"       do: {each.do}")
    return lines


def as_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """The findings for a program."""
    return [asdict(each) for each in findings]


def worst(findings: Iterable[Finding]) -> State:
    """The worst state among them; well where there is nothing."""
    order = list(State)
    return max((each.state for each in findings), key=order.index, default=State.WELL)
