"""The quality report of a question's answer."""

from __future__ import annotations

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.controlled_table import CellStatus, ControlledTable, ControlledValue
from linkage_engine.contract.query_spec import LinkageQualitySpec
from linkage_engine.contract.reports import LinkageOfDataSets
from linkage_engine.quality_report.differences import FLAGGED
from linkage_engine.quality_report.document import (
    Chart,
    Column,
    Paragraph,
    QualityReport,
    ReportTable,
    Row,
    Section,
    Unit,
    figure,
)
from linkage_engine.quality_report.groups import PERCENT_TICKS, Cell, by_group, total_of
from linkage_engine.quality_report.guild import limits, method
from linkage_engine.quality_report.linked import tables_of

NO_FIGURES = "The figures of the linkage run were not kept with its links: link again to have them here."
ONE_PROVIDER = (
    "Both data sets come from one provider: their records have its person keys in common, nothing had to be "
    "linked, and no rate is shown."
)
NO_OVERLAP = (
    "No overlap to speak of was seen: of the providers' records none, or too few to tell, were linked, so "
    "that no rate is shown."
)
OF_PROVIDERS = (
    "Records were linked provider by provider; the numbers of this part are of all records of two providers, "
    "whichever data sets those stand for. They are controlled like everything else here: rounded, hidden "
    "where few, and rates told on coarse steps."
)
NAMED = 5
"""How many groups the summary names: the table has them all."""
LINKAGE_TITLE = "How the records were linked"


def quality_report(
    asked: LinkageQualitySpec, table: ControlledTable, linkage: LinkageOfDataSets | None
) -> QualityReport:
    """The report of a controlled table and what the linkage worker told: it is given nothing else."""
    whose = data_set(asked.parameters.data_set).title
    where = data_set(asked.parameters.linked_to).title
    without = _why_no_rates(linkage)
    headline = _headline(whose, where, total_of(table)) if without is None else without
    sections = [
        by_group(table, has_rates=without is None),
        of_linkage(linkage),
        method(asked.parameters, table, linkage),
    ]
    if without is None:
        sections.insert(0, _headline_table(total_of(table)))
    return QualityReport(
        title=f"Quality of the linkage: {whose}, linked to {where}",
        summary=(headline, *_flagged(sections)),
        sections=(*sections, limits()),
    )


def _why_no_rates(linkage: LinkageOfDataSets | None) -> Paragraph | None:
    """Why the report shows no rate; nothing where it does."""
    if linkage is None:
        return None
    if not linkage.providers:
        return ONE_PROVIDER
    known = [pair.figures.quality for pair in linkage.providers]
    seen = [each is None or each.outcome != "no-overlap" for each in known]
    return None if any(seen) else NO_OVERLAP


def of_linkage(linkage: LinkageOfDataSets | None) -> Section:
    """The tables of every pair of providers, or why there are none."""
    if linkage is None:
        return Section(name="linkage", title=LINKAGE_TITLE, paragraphs=(NO_FIGURES,))
    if not linkage.providers:
        return Section(name="linkage", title=LINKAGE_TITLE, paragraphs=(ONE_PROVIDER,))
    tables = (each for pair in linkage.providers for each in tables_of(pair, linkage.effective_threshold))
    return Section(name="linkage", title=LINKAGE_TITLE, paragraphs=(OF_PROVIDERS,), tables=tuple(tables))


def _headline(whose: str, where: str, total: Cell) -> Paragraph:
    people = total["people"]
    if people.value is None:
        return f"How many people of {whose} there are, and how many were linked to {where}, is not told."
    linked = _said(total["linked"], total["linked_percent"])
    return f"Of about {figure(people, Unit.COUNT).text} people of {whose}, {linked} linked to {where}."


def _said(linked: ControlledValue, percent: ControlledValue) -> str:
    match linked.status:
        case CellStatus.LOW:
            return "nobody or few were"
        case CellStatus.HIGH:
            return "all or nearly all were"
        case CellStatus.SHOWN:
            return f"about {figure(linked, Unit.COUNT).text} ({figure(percent, Unit.PERCENT).text} %) were"
        case _:
            return "a number that is not told were"


def _flagged(sections: list[Section]) -> tuple[Paragraph, ...]:
    """How many groups differ so much between the linked and the others that it is pointed out."""
    tables = [table for section in sections for table in section.tables if table.name == "differences"]
    if not tables:
        return ()
    rows = [row for row in tables[0].rows if row.figures[0].value is not None]
    flagged = [row.label for row in rows if row.figures[1].text != "no"]
    if not flagged:
        return (f"In none of {len(rows)} groups compared are the linked very different from the others.",)
    named = "; ".join([*flagged[:NAMED], *(["and others"] if len(flagged) > NAMED else [])])
    differ = f"In {len(flagged)} of {len(rows)} groups compared the linked differ from the others"
    return (f"{differ} by more than {FLAGGED} standard deviations: {named}.",)


def _headline_table(total: Cell) -> Section:
    """How the headline hangs on the threshold."""
    cuts = (("Strict", "linked_strict"), ("Primary", "linked"), ("Lenient", "linked_lenient"))
    rows = tuple(
        Row(
            label=label,
            figures=(
                figure(total["people"], Unit.COUNT),
                figure(total[name], Unit.COUNT),
                figure(total[f"{name}_percent"], Unit.PERCENT),
            ),
        )
        for label, name in cuts
    )
    table = ReportTable(
        name="sensitivity",
        title="People linked at three thresholds",
        label_title="Link id",
        columns=(
            Column(name="people", title="People", unit=Unit.COUNT),
            Column(name="linked", title="Linked", unit=Unit.COUNT),
            Column(name="linked_percent", title="Linked, percent", unit=Unit.PERCENT),
        ),
        rows=rows,
        notes=("Questions use the primary link id.",),
        chart=Chart(
            columns=("linked_percent",),
            ticks=PERCENT_TICKS,
            says="A bar for each link id: the percentage of people who were linked by it.",
        ),
    )
    return Section(name="headline", title="How many were linked", tables=(table,))
