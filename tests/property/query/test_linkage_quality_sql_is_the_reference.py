from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.query_spec import LinkageQualitySpec
from linkage_engine.query.linkage_quality_reference import LEVELS, linkage_quality_reference
from tests.spec.drawn import Rows, people
from tests.spec.drawn_linkage import EVERY, a_linkage_spec, by_sql, counted

IDS = st.integers(1, 8).map("p{}".format)
DAYS = st.sampled_from([date(2000, 1, 1), date(2010, 1, 1)])


def records(
    provider: st.SearchStrategy[str], **columns: st.SearchStrategy[object]
) -> st.SearchStrategy[Rows]:
    ids = {"link_id": IDS, "link_id_strict": IDS, "link_id_lenient": IDS}
    key = st.sampled_from(["a", "b"])
    return st.lists(
        st.fixed_dictionaries({"provider_id": provider, "person_key": key} | ids | columns), max_size=14
    )


TABLES = st.fixed_dictionaries(
    {
        "person_index": st.integers(1, 8).map(people),
        "gp_registration": records(
            st.sampled_from(["practices", "registry"]),
            registration_start=DAYS,
            year_of_birth=st.integers(1900, 2025),
            sex=st.sampled_from(["0", "1", "2", "9"]),
            ethnic_category=st.sampled_from([None, "A", "D", "99"]),
            imd_quintile=st.sampled_from([None, "1", "5"]),
            icb_code=st.sampled_from([None, "E54000008", "E54000001"]),
        ),
        "cancer_registration": records(
            st.sampled_from(["practices", "registry"]),
            diagnosis_date=DAYS,
            age_at_diagnosis=st.none() | st.integers(0, 110),
            person_stated_gender_code=st.sampled_from([None, "1", "2"]),
            ethnic_category=st.sampled_from([None, "M"]),
            imd_quintile=st.sampled_from([None, "3"]),
        ),
    }
)
SPECS = st.builds(
    lambda names, breakdowns, bands: a_linkage_spec(
        *breakdowns, data_set=names[0], linked_to=names[1], age_bands=bands
    ),
    st.permutations(["gp_registration", "cancer_registration"]),
    st.lists(st.sampled_from(EVERY), unique=True),
    st.sampled_from(["broad", "ten_year"]),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=SPECS, tables=TABLES)
def test_the_sql_and_the_reference_link_the_same_people(
    spec: LinkageQualitySpec, tables: dict[str, Rows]
) -> None:
    table = by_sql(spec, tables)
    assert counted(table) == linkage_quality_reference(spec, tables)
    for cell in table.cells:
        assert (np.diff(cell.population) > 0).all(), "each person once, in order"
        assert all(np.isin(cell.parts[part], cell.population).all() for part in LEVELS)
