"""Method and limits of a linkage: what GUILD asks a report to say, answered from what was told."""

from __future__ import annotations

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.controlled_table import ControlledTable
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.query_spec import LinkageQualityParameters
from linkage_engine.contract.reports import LinkageOfDataSets
from linkage_engine.quality_report.document import Item, Section

SEEN = {
    LinkageProfile.TOKENS: "none of a name by itself; both names together are one token",
    LinkageProfile.TOKENS_STRICT: "none of a name by itself, both names only with year of birth or sector",
    LinkageProfile.FUZZY: "a token of each name too",
    LinkageProfile.BLOOM: "a filter of the letters of each name too",
}
WHO = (
    "A worker of this service, which sees keyed tokens of identifiers and no other data; the worker that "
    "counts sees data by link id and no identifier."
)
FIELDS = (
    "NHS number, names, date of birth, sex, postcode and address, as far as a provider holds them, turned "
    "into tokens by the provider"
)
HOW = (
    "Probabilistic linkage of pairs that share rare tokens, after Fellegi and Sunter, with Splink; weights "
    "of agreement learnt without truth; each record is in one link at most."
)
OUTCOMES = {
    "chosen": "by target-decoy competition, for the best expected F1, without knowing who is who",
    "few-records": "at even odds of the model, which nothing confirms: too few records to choose a threshold",
    "no-overlap": "nobody, or too few to tell, seen in both",
}


def method(
    asked: LinkageQualityParameters, table: ControlledTable, linkage: LinkageOfDataSets | None
) -> Section:
    """The answers in the order of GUILD's steps: provision, linkage, analysis."""
    sets = [data_set(name) for name in (asked.data_set, asked.linked_to)]
    held = [(each.title, each.description) for each in sets]
    items = [*held, *_linking(linkage), *_telling(f"{asked.index_date:%d %B %Y}", table)]
    return Section(
        name="method",
        title="Method",
        paragraphs=("The order is that of GUILD, guidance for information about linking data sets (2018).",),
        items=tuple(Item(term=term, answer=answer) for term, answer in items),
    )


def _linking(linkage: LinkageOfDataSets | None) -> list[tuple[str, str]]:
    if linkage is None:
        return []
    profile = linkage.linkage_profile
    outcomes = dict.fromkeys(
        f"{pair.first} and {pair.second}: {OUTCOMES[pair.figures.quality.outcome]}"
        for pair in linkage.providers
        if pair.figures.quality is not None
    )
    unsettled = [
        f"{pair.first} and {pair.second}"
        for pair in linkage.providers
        if pair.figures.quality is not None and not pair.figures.quality.is_settled
    ]
    later = [
        f"{pair.first} and {pair.second}, {pair.figures.quality.resubmissions}"
        for pair in linkage.providers
        if pair.figures.quality is not None and pair.figures.quality.resubmissions
    ]
    chosen = "; ".join(outcomes) or "not kept: link again to have it here"
    said = [
        ("Who sent the data", f"{', '.join(linkage.data_set_from)}; {', '.join(linkage.linked_to_from)}."),
        ("Who linked them", WHO),
        ("Fields", f"{FIELDS} (profile {profile}: {SEEN[profile]})."),
        ("How", HOW),
        ("Threshold", f"{chosen}."),
    ]
    if unsettled:
        said.append(("Training", f"Did not come to rest: {'; '.join(unsettled)}. Estimates are uncertain."))
    if later:
        said.append(("Resubmissions linked since the model was trained", f"{'; '.join(later)}."))
    return said


def _telling(asked_on: str, table: ControlledTable) -> list[tuple[str, str]]:
    record = table.record
    return [
        (
            "Whose attributes",
            (
                "Groups are those of the data set whose people are counted, by each person's latest row; age "
                f"on {asked_on}. Only the worker that counts has seen them."
            ),
        ),
        (
            "How numbers are protected",
            (
                f"Policy {record.policy}, version {record.policy_version}: counts of fewer than "
                f"{record.effective_threshold} people are withheld, the others rounded ({record.rounding}); "
                "shares, limits and differences are computed from rounded numbers."
            ),
        ),
        (
            "Marks",
            (
                "[c] confidential; [low] nobody or few; [high] all or nearly all; [x] cannot be computed; "
                "[z] not applicable."
            ),
        ),
    ]


LIMITS = (
    (
        "A missed link takes somebody out of what is counted in the other data set: counts, rates and "
        "completeness come out too low, the more so in groups that are linked less."
    ),
    "A false link gives somebody another person's events: differences between groups come out too small.",
    (
        "Not being linked is no proof of a missed link: people who are in one data set only are rightly not "
        "linked. Where the other data set should hold everybody, the share linked is about the recall."
    ),
    "Repeat an analysis with the strict and the lenient link ids: what changes hangs on the linkage.",
    (
        "Estimates of errors are of the method, without truth; they take people who are in one file only to "
        "resemble those who are only in the other."
    ),
    "Data sets that one provider sends share its person keys: nothing of that is linkage, nor reported here.",
)


def limits() -> Section:
    """What linkage errors do to results, and what this report cannot say."""
    return Section(name="limits", title="What linkage errors do to results, and limits", paragraphs=LIMITS)
