"""The data sets of the public site: what each holds, for people, for tools and for other catalogues."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from linkage_engine.catalogue.data_sets import DATA_SETS, data_set
from service.publication.register.data_sets import table_schema
from service.publication.register.given import Given
from service.publication.register.site import site
from service.publication.register.values import Publisher
from tests.factories import a_permit
from tests.unit.publication.test_register import CAST

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PUBLISHER = Publisher(title="Register", name="Us", contact="us@example.org", address="https://e.org/")
PERMITS = (
    a_permit(CAST, project_id="cancer-audit", title="Cancer & care"),
    a_permit(CAST, project_id="second", title="Second"),
)
FILES = dict(site(Given(publisher=PUBLISHER, permits=PERMITS, releases={}, notices={}, counts=None), NOW))
USED = sorted({grant.data_set for grant in PERMITS[0].data_sets})


def test_every_data_set_that_a_project_uses_has_a_page_and_no_other_has() -> None:
    pages = {path.split("/")[1] for path in FILES if re.fullmatch("data-sets/.+/index.html", path)}
    assert pages == set(USED)
    assert pages < set(DATA_SETS)
    assert all(f'href="data-sets/{name}/index.html"' in FILES["index.html"].decode() for name in USED)


def test_a_page_says_what_is_held_by_whom_it_is_sent_and_who_uses_it() -> None:
    page = FILES["data-sets/cancer_registration/index.html"].decode()
    described = data_set("cancer_registration")
    assert all(f'<th scope="row">{field.name}</th>' in page for field in described.fields)
    for said in ("Cancer &amp; care", "Second", "a code: ", "may be empty", "a day", "a whole number"):
        assert said in page
    assert "the code of an area" in page


def test_codes_stand_with_their_meanings_each_list_once() -> None:
    page = FILES["data-sets/gp_registration/index.html"].decode()
    assert page.count("<h2>Sex as recorded</h2>") == 1
    assert '<th scope="row">1</th><td class="number">Male</td>' in page


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_schema_has_each_field_with_its_type_and_what_it_may_hold(name: str) -> None:
    described, schema = data_set(name), json.loads(table_schema(data_set(name)))
    assert [each["name"] for each in schema["fields"]] == list(described.columns)
    assert set(schema["primaryKey"]) <= set(described.columns)
    for field, made in zip(described.fields, schema["fields"], strict=True):
        assert made["type"] in {"string", "date", "integer", "year"}
        assert made["constraints"].get("required", False) is field.constraints.required
        assert made["constraints"].get("enum", []) == list(field.codes)
        assert made["constraints"].get("pattern") == field.constraints.pattern
        assert None not in made["constraints"].values()


def test_other_catalogues_learn_that_access_is_restricted_and_nothing_can_be_downloaded() -> None:
    catalogue = json.loads(FILES["data-sets/catalogue.jsonld"])
    assert catalogue["@id"] == "https://e.org/data-sets/"
    assert {each["dct:identifier"] for each in catalogue["dcat:dataset"]} == set(USED)
    for each in catalogue["dcat:dataset"]:
        assert each["dct:accessRights"]["@id"].endswith("/RESTRICTED")
        assert "dcat:distribution" not in each
        assert each["dct:conformsTo"]["@id"].removeprefix("https://e.org/") in FILES
        assert each["dcat:landingPage"]["@id"].removeprefix("https://e.org/") in FILES
        used_by = [link["@id"].removeprefix("https://e.org/") for link in each["dct:isReferencedBy"]]
        assert len(used_by) == 2
        assert set(used_by) <= FILES.keys()
