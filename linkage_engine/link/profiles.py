"""The linkage model of each profile: what its columns let be compared, and what brings pairs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from linkage_engine.contract.profiles import COLUMNS, LinkageProfile
from linkage_engine.contract.tokens import TokenColumn, TokenKind
from linkage_engine.link.fields import (
    ADDRESS_AT_DOB,
    ADDRESS_ELSEWHERE,
    ADDRESS_OF_FAMILY,
    ADDRESS_OF_OTHERS,
    DOB,
    MIDDLE_INITIAL,
    NHS_NUMBER,
    POSTCODE,
    SEX,
)
from linkage_engine.link.model import Comparison
from linkage_engine.link.names import NEAR_PAIR, Sight, alone, anchored, pair_with

MANY, FEW = 100, 20


@dataclass(frozen=True, slots=True)
class Block:
    """Columns whose tokens may meet, and how many records may share a token that brings pairs together."""

    columns: tuple[str, ...]
    most: int = MANY
    seen_as: str | None = None
    """The one list as which comparisons see all of them; else each is seen as itself."""

    @property
    def is_compared(self) -> bool:
        """Whether comparisons may name its lists."""
        return self.columns[0].startswith("near_")


@dataclass(frozen=True, slots=True)
class ProfileModel:
    """How the columns of one profile are used."""

    columns: Mapping[str, TokenColumn]
    comparisons: tuple[Comparison, ...]
    blocked: tuple[Block, ...]
    """What brings candidate pairs together."""

    @property
    def scalars(self) -> tuple[str, ...]:
        """The columns with one value a record, all of which comparisons may name."""
        return tuple(c.name for c in self.columns.values() if c.kind is not TokenKind.LIST)

    @property
    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """The lists that comparisons may name, and the columns whose tokens they have."""
        found: dict[str, tuple[str, ...]] = {}
        for block in self.blocked:
            if block.seen_as is not None:
                found[block.seen_as] = (*found.get(block.seen_as, ()), *block.columns)
            elif block.is_compared:
                found |= {name: (name,) for name in block.columns}
        return found


_BLOCKED = (
    Block(("near_family_dob", "near_given_dob")),
    Block(("near_family_postcode", "near_given_postcode")),
    Block(("family_sound_dob", "given_sound_dob")),
    Block(("family_sound_postcode", "given_sound_postcode")),
    Block(("nhs_number",)),
    Block(("blocking",)),
    Block(("near_address",), FEW),
    Block(("family_initial_dob", "given_initial_dob"), FEW),
    Block(("family_initial_postcode", "given_initial_postcode"), FEW),
    Block(("dob",), FEW),
    Block(("postcode",), FEW),
)
_NEAR_PAIR = Block(("near_family_given", "near_given_family"), seen_as=NEAR_PAIR)
_STRICT_ANCHORS = {"year": "birth_year", "sector": "sector"}
_ANCHORS = {"year": "birth_year", "month_day": "dob_month_day", "district": "sector", "initial": None}
_UNPAIRED, _SINGLE = Sight(), Sight(has_single_names=True)
_FILTERED = Sight(pair="name_pair", has_filters=True)


def _model(profile: LinkageProfile, names: tuple[Comparison, ...], *blocked: Block) -> ProfileModel:
    home = (POSTCODE, ADDRESS_OF_FAMILY, ADDRESS_OF_OTHERS, ADDRESS_AT_DOB, ADDRESS_ELSEWHERE)
    return ProfileModel(
        {column.name: column for column in COLUMNS[profile]},
        (NHS_NUMBER, DOB, *names, *home, SEX, MIDDLE_INITIAL),
        (*_BLOCKED, *blocked),
    )


def _joined(
    profile: LinkageProfile, anchors: Mapping[str, str | None], *, near: tuple[str, ...]
) -> ProfileModel:
    """The pair of names is seen only together with something that must be equal too."""
    return _model(
        profile,
        (*anchored(_UNPAIRED), pair_with(anchors)),
        *(Block((f"near_family_given_{end}", f"near_given_family_{end}"), seen_as=NEAR_PAIR) for end in near),
        *(Block((f"name_pair_{end}",)) for end in anchors),
    )


MODELS: Mapping[LinkageProfile, ProfileModel] = {
    LinkageProfile.TOKENS: _joined(LinkageProfile.TOKENS, _ANCHORS, near=("year", "month_day", "district")),
    LinkageProfile.TOKENS_STRICT: _joined(
        LinkageProfile.TOKENS_STRICT, _STRICT_ANCHORS, near=("year", "sector")
    ),
    LinkageProfile.FUZZY: _model(LinkageProfile.FUZZY, (*anchored(_SINGLE), *alone(_SINGLE)), _NEAR_PAIR),
    LinkageProfile.BLOOM: _model(LinkageProfile.BLOOM, (*anchored(_FILTERED), *alone(_FILTERED)), _NEAR_PAIR),
}
"""Of each profile that a permit may name."""
