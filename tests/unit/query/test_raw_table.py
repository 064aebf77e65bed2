from __future__ import annotations

import copy
import pickle  # noqa: TID251 (the test tries to pickle what may not be pickled)

import numpy as np
import pyarrow as pa
import pytest

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.query.raw_table import RawCell, RawFit, RawTable

POPULATION = np.array([4711, 4712, 4713], dtype=np.int32)


def a_raw_table(dimensions: tuple[str, ...] = ("sex",)) -> RawTable:
    labels = ("Female", "Total") if dimensions else ((),)
    cells = tuple(
        RawCell(
            labels=(label,) if isinstance(label, str) else label,
            population=POPULATION,
            parts={"numerator": POPULATION[:1]},
            applicable=label != "Female",
        )
        for label in labels
    )
    return RawTable("prevalence", dimensions, ("numerator",), cells)


def test_neither_table_nor_cell_prints_what_it_holds() -> None:
    table = a_raw_table()
    assert repr(table) == str(table) == "RawTable(withheld)"
    assert repr(table.cells[0]) == f"{table.cells[0]}" == "RawCell(withheld)"


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_neither_table_nor_cell_can_be_pickled(leave: object) -> None:
    assert callable(leave)
    for held in (a_raw_table(), a_raw_table().cells[0]):
        with pytest.raises(TypeError, match="stays inside"):
            leave(held)


@pytest.mark.parametrize("dimensions", [("sex",), ()], ids=["one dimension", "none"])
def test_a_table_arrives_as_it_was_sent(dimensions: tuple[str, ...]) -> None:
    sent = a_raw_table(dimensions)
    arrived = RawTable.from_bytes(sent.to_bytes())
    assert arrived.dimensions == sent.dimensions
    assert [c.labels for c in arrived.cells] == [c.labels for c in sent.cells]
    assert [c.applicable for c in arrived.cells] == [c.applicable for c in sent.cells]
    assert all(c.parts["numerator"].tolist() == [4711] for c in arrived.cells)
    assert all(c.population.tolist() == POPULATION.tolist() for c in arrived.cells)
    assert (arrived.template, arrived.parts, arrived.reference) == ("prevalence", ("numerator",), None)


def test_a_population_that_cells_share_is_sent_once() -> None:
    assert a_raw_table().to_arrow()["population"].null_count == 1


@pytest.mark.parametrize("stream", [b"", b"not arrow", a_raw_table().to_bytes()[:-200]])
def test_a_stream_that_is_none_is_refused(stream: bytes) -> None:
    with pytest.raises(NotTrusted) as refusal:
        RawTable.from_bytes(stream)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def without_titles() -> pa.Table:
    return a_raw_table().to_arrow().replace_schema_metadata(None)


def pointing_nowhere() -> pa.Table:
    table = a_raw_table().to_arrow()
    place = table.column_names.index("population_row")
    field = table.schema.field(place)
    return table.set_column(place, field, pa.array([7, 8], type=pa.int32()))


@pytest.mark.parametrize("table", [pa.table({"a": [1]}), without_titles(), pointing_nowhere()])
def test_a_table_of_another_form_is_refused(table: pa.Table) -> None:
    with pytest.raises(NotTrusted) as refusal:
        RawTable.from_arrow(table)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def with_everything() -> RawTable:
    """Two cells with events, costs and a coefficient each, of one model."""
    cells = tuple(
        RawCell(
            (label,),
            POPULATION,
            {"ill": POPULATION[:2]},
            applicable=True,
            events={"ill": 5},
            values={"cost": np.array([120, 0, 7], dtype=np.int64)},
            estimates={"log_odds": (0.25, 0.125)},
        )
        for label in ("Female", "Total")
    )
    return RawTable("made_up", ("sex",), ("ill",), cells, fit=RawFit(100, 3, 8))


def test_values_events_estimates_and_the_model_arrive_as_they_were_sent() -> None:
    arrived = RawTable.from_bytes(with_everything().to_bytes())
    assert arrived.fit is not None
    assert arrived.fit.figures == (100, 3, 8)
    for cell in arrived.cells:
        assert cell.values["cost"].tolist() == [120, 0, 7]
        assert cell.values["cost"].dtype == np.int64
        assert (dict(cell.events), dict(cell.estimates)) == ({"ill": 5}, {"log_odds": (0.25, 0.125)})
    assert repr(arrived.fit) == "RawFit(withheld)"


def test_a_table_without_cells_arrives() -> None:
    arrived = RawTable.from_bytes(RawTable("made_up", (), ("ill",), ()).to_bytes())
    assert (arrived.cells, arrived.fit) == ((), None)


def with_metadata(name: bytes, text: bytes) -> pa.Table:
    table = with_everything().to_arrow()
    return table.replace_schema_metadata({**table.schema.metadata, name: text})


def with_column(name: str, values: pa.Array) -> pa.Table:
    table = with_everything().to_arrow()
    return table.set_column(
        table.column_names.index(name), pa.field(name, values.type, nullable=False), values
    )


@pytest.mark.parametrize(
    "table",
    [
        with_metadata(b"fit", b"100,3"),
        with_metadata(b"fit", b"100,3,many"),
        with_metadata(b"values", b""),
        with_metadata(b"values", b"cost,score"),
        with_metadata(b"estimates", b""),
        with_column("values:cost", pa.array([[1.5, 2.5, 3.5]] * 2, type=pa.large_list(pa.float64()))),
        with_column("estimate:log_odds", pa.array([[1.0, 2.0, 3.0]] * 2, type=pa.list_(pa.float64(), 3))),
        with_column("estimate:log_odds", pa.array([None, [1.0, 2.0]], type=pa.list_(pa.float64(), 2))),
    ],
    ids=[
        "half a model",
        "a model of words",
        "values unsaid",
        "values that are not there",
        "estimates unsaid",
        "fractions",
        "three numbers an estimate",
        "no estimate",
    ],
)
def test_values_and_models_of_another_form_are_refused(table: pa.Table) -> None:
    with pytest.raises(NotTrusted) as refusal:
        RawTable.from_arrow(table)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
