from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

import pytest
from pydantic import ValidationError

from linkage_engine.contract.permit import PublicKey, Role
from linkage_engine.contract.permit_parts import LegalBasis
from linkage_engine.contract.query_spec import Breakdown
from service.command_line import run
from service.problems.problem import Problem
from service.problems.publication import GivenUnreadable, LogNotVerified, NoticesRefused, ReleaseNotVerified
from service.problems.tools import SignatureRefused
from service.publication.main import app
from service.publication.notice import Notice, Recall
from service.publication.pins import trust_of
from service.publication.register.counts import counts_of
from service.publication.register.given import Given, read_given
from service.publication.register.site import site as pages_of
from service.publication.register.values import Counts, Publisher
from service.signed import SigningKey, TextType, sign
from tests.factories import a_permit, a_person
from tests.unit.publication.releases import PEOPLE, PREVALENCE, a_release, a_table, files_of, packages
from tests.unit.quality_report.answers import asked

NOW = datetime(2026, 6, 1, tzinfo=UTC)
A, B, C = (letter * 32 for letter in "abc")
PUBLISHER = Publisher(
    title="Register of <results>",
    name="A university",
    contact="results@example.org",
    address="https://results.example.org/",
    licence="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
)
CAST = [
    a_person("north", Role.PROVIDER),
    a_person("south", Role.PROVIDER),
    a_person("rosalind", Role.RESEARCHER),
    a_person("cheng", Role.OUTPUT_CHECKER),
    a_person("carol", Role.OUTPUT_CHECKER),
]
PERMIT = a_permit(CAST, project_id="cancer-audit", title="Cancer & care")
CHANGED = {**PEOPLE, ("Male",): {**PEOPLE[("Male",)], "numerator": 1206}}
RELEASES = {
    A: a_release(release_id=A),
    B: a_release(numbers=CHANGED, release_id=B),
    C: a_release(release_id=C),
}
COUNTS = {"cancer-audit": Counts(asked=12, not_answered=3, released=3, refused_by_checkers=2, vetoed=1)}


def given(*notices: Notice, **changes: Any) -> Given:
    fields: dict[str, Any] = {
        "publisher": PUBLISHER,
        "permits": (PERMIT,),
        "releases": RELEASES,
        "notices": {each.release_id: each for each in notices},
        "counts": COUNTS,
    }
    return Given(**fields | changes)


CORRECTED = Notice(release_id=B, corrects=A, change_note="A date was wrong.")
RECALLED = Notice(release_id=C, recall=Recall(on=date(2026, 5, 20), note="The wrong file."))
EMBARGOED = Notice(release_id=C, embargo_until=datetime(2026, 7, 1, tzinfo=UTC))


def site(given: Given, now: datetime) -> dict[str, bytes]:
    return dict(pages_of(given, now))


def text(files: Mapping[str, bytes], path: str = "index.html") -> str:
    return files[path].decode()


def test_the_register_says_who_why_which_data_on_which_basis_and_until_when() -> None:
    page = text(site(given(), NOW), "projects/cancer-audit/index.html")
    for said in (
        "Cancer &amp; care",
        "Planning of services",
        "Public benefit: Services where they are needed",
        "Permitted from 1 January 2026 to 31 December 2026. Amended 0 times.",
        "DPIA 1",
        "Cancer registrations",
        "People living with and beyond cancer",
        "<dt>Output checker</dt><dd>2</dd>",
        "<dt>Questions asked</dt><dd>12</dd>",
    ):
        assert said in page
    assert "cheng" not in page


def test_the_front_page_leads_to_projects_and_releases_and_counts_refusals() -> None:
    page = text(site(given(CORRECTED, RECALLED), NOW))
    assert "Register of &lt;results&gt;" in page
    assert f'<a href="releases/{A}/index.html">' in page
    assert "(corrected)" in page
    assert "(recalled)" in page
    assert "<dt>Decisions of output checkers against a release</dt><dd>2</dd>" in page
    assert "cancer_registration" in page


def test_every_link_of_the_site_leads_to_a_file_of_it() -> None:
    for notices in ((), (CORRECTED, RECALLED), (CORRECTED, EMBARGOED)):
        files = site(given(*notices), NOW)
        for path, data in files.items():
            if path.endswith(".html"):
                for to in re.findall(r'href="([^"#]+)"', data.decode()):
                    assert normpath(join(dirname(path), to)) in files


def test_of_a_recalled_release_no_number_and_no_file_is_anywhere() -> None:
    files = site(given(RECALLED), NOW)
    assert [path for path in files if C in path] == [f"releases/{C}/index.html"]
    listed = json.loads(files["catalogue.jsonld"])["dcat:dataset"]
    assert {each["dct:identifier"] for each in listed} == {A, B}
    assert "The wrong file." in text(files, f"releases/{C}/index.html")


def test_of_a_release_under_embargo_only_that_there_is_one_is_told() -> None:
    files = site(given(EMBARGOED), NOW)
    assert [path for path in files if C in path] == []
    assert all(C.encode() not in data for data in files.values())
    assert "Signed and not published yet: 1." in text(files)


def test_the_catalogue_has_a_distribution_for_each_file_with_its_licence() -> None:
    listed = json.loads(site(given(CORRECTED), NOW)["catalogue.jsonld"])
    (first,) = [each for each in listed["dcat:dataset"] if each["dct:identifier"] == A]
    assert first["dct:isReplacedBy"] == {"@id": f"https://results.example.org/releases/{B}/"}
    table = {each["dct:title"]: each for each in first["dcat:distribution"]}["table.csv"]
    assert table["dcat:downloadURL"] == {"@id": f"https://results.example.org/releases/{A}/table.csv"}
    assert table["dcat:mediaType"]["@id"].endswith("text/csv")
    assert table["dct:license"] == {"@id": PUBLISHER.licence}
    without = PUBLISHER.model_copy(update={"licence": None})
    plain = json.loads(site(given(publisher=without), NOW)["catalogue.jsonld"])
    assert "dct:license" not in plain["dcat:dataset"][0]["dcat:distribution"][0]


def test_the_register_as_json_is_what_the_pages_are_made_of() -> None:
    fields = json.loads(site(given(CORRECTED), NOW)["register.json"])
    assert fields["projects"][0]["counts"]["vetoed"] == 1
    assert {each["state"] for each in fields["releases"]} == {"corrected", "current"}
    assert "signing_key" not in str(fields)


def test_without_a_log_nothing_is_said_of_refusals() -> None:
    files = site(given(counts=None), NOW)
    assert "Refusals" not in text(files)
    assert "What became of questions" not in text(files, "projects/cancer-audit/index.html")


def test_of_a_project_the_latest_permit_counts_and_one_of_before_is_read() -> None:
    latest = PERMIT.model_copy(update={"sequence": 3, "title": "Later", "closed_on": date(2026, 5, 30)})
    page = text(site(given(permits=(latest, PERMIT)), NOW), "projects/cancer-audit/index.html")
    assert "<h1>Later</h1>" in page
    assert "closed on 30 May 2026. Amended 2 times." in page
    old = PERMIT.model_copy(
        update={
            "legal_basis": "s. 251",
            "public_benefit": None,
            "intended_outputs": (),
            "templates": ("prevalence", "of_later_versions"),
            "data_sets": tuple(each.model_copy(update={"granted": None}) for each in PERMIT.data_sets),
        }
    )
    page = text(site(given(permits=(old,)), NOW), "projects/cancer-audit/index.html")
    assert "<p>s. 251</p>" in page
    assert "of_later_versions" in page
    assert "granted by" not in page


def test_a_site_of_nothing_says_so() -> None:
    files = site(given(permits=(), releases={}, counts={}), NOW)
    assert text(files).count("<p>None.</p>") == 3  # projects, releases, data sets


def test_a_data_set_of_a_provider_that_left_is_named_by_its_id() -> None:
    gone = PERMIT.model_copy(update={"parties": PERMIT.parties[1:]})
    assert "from north, granted" in text(
        site(given(permits=(gone,)), NOW), "projects/cancer-audit/index.html"
    )


@pytest.mark.parametrize(
    "address",
    ["http://example.org/", "https://example.org", "https://example.org/a", 'https://example.org/"/'],
)
def test_an_address_that_is_no_folder_of_https_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Publisher.model_validate(PUBLISHER.model_dump() | {"address": address})


@pytest.fixture
def at(tmp_path: Path) -> Path:
    """A folder with everything that a site is made of, and the pins beside it."""
    first, second = (
        files_of(PREVALENCE, a_table(PREVALENCE, PEOPLE)),
        files_of(PREVALENCE, a_table(PREVALENCE, CHANGED)),
    )
    packages(tmp_path / "made", {A: first, B: second})
    folder, governance = tmp_path / "given", SigningKey.generate()
    for name in ("permits", "releases", "notices"):
        (folder / name).mkdir(parents=True)
    for each in (A, B):
        (tmp_path / "made" / f"{each}.zip").rename(folder / "releases" / f"{each}.zip")
    (tmp_path / "made" / "log-bundle.zip").rename(folder / "log-bundle.zip")
    (folder / "publisher.json").write_text(PUBLISHER.model_dump_json())
    (folder / "notices" / "second.json").write_text(CORRECTED.model_dump_json())
    permit = a_permit(
        CAST, project_id="cancer-audit", legal_basis=LegalBasis(dpia="1", ethics="2", agreement="3")
    )
    (folder / "permits" / "cancer.jws").write_text(sign(permit, governance, TextType.PERMIT) + "\n")
    (tmp_path / "governance.jwk").write_text(governance.public.model_dump_json())
    return tmp_path


def publish(at: Path, out: str = "out") -> int:
    keys = ["--vkey", str(at / "made" / "log.vkey"), "--release-key", str(at / "made" / "release-key.jwk")]
    governance = ["--governance-key", str(at / "governance.jwk")]
    return run(app, ["site", str(at / "given"), *keys, *governance, "--out", str(at / out)])


def read(at: Path) -> Given:
    trust = trust_of(at / "made" / "log.vkey", [at / "made" / "release-key.jwk"])
    governance = PublicKey.model_validate_json((at / "governance.jwk").read_bytes())
    return read_given(at / "given", trust, governance)


def test_the_command_makes_the_whole_site(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(at) == 0
    assert (at / "out" / "projects" / "cancer-audit" / "index.html").exists()
    assert (at / "out" / "releases" / B / "changes.csv").exists()
    assert (at / "out" / "releases" / A / "crate.zip").exists()
    assert "files" in capsys.readouterr().out
    counted = json.loads((at / "out" / "register.json").read_text())["projects"][0]["counts"]
    assert (counted["asked"], counted["released"]) == (3, 2)


def first_faults(refused: Problem) -> list[str]:
    listed = refused.facts["faults"]
    assert isinstance(listed, list)
    return [fault["pointer"] for fault in listed]


@pytest.mark.parametrize(
    ("path", "data", "problem"),
    [
        ("releases/{A}.zip", b"PK", ReleaseNotVerified),
        ("permits/cancer.jws", b"a.b.c", SignatureRefused),
        ("permits/other.jws", b"\xff", SignatureRefused),
        ("notices/second.json", b"{}", GivenUnreadable),
        ("publisher.json", b"[]", GivenUnreadable),
    ],
)
def test_a_given_file_that_does_not_hold_is_named(
    at: Path, path: str, data: bytes, problem: type[Problem]
) -> None:
    file = at / "given" / path.format(A=A)
    file.write_bytes(data)
    with pytest.raises(problem) as refused:
        read(at)
    assert first_faults(refused.value)[0] == file.name
    assert publish(at) == 1
    assert not (at / "out").exists()


def test_two_notices_of_one_release_are_refused(at: Path) -> None:
    (at / "given" / "notices" / "third.json").write_text(CORRECTED.model_dump_json())
    with pytest.raises(NoticesRefused):
        read(at)


def test_a_log_that_does_not_verify_counts_nothing(at: Path) -> None:
    log = at / "given" / "log-bundle.zip"
    log.write_bytes(log.read_bytes()[:-20])
    with pytest.raises(LogNotVerified):
        read(at)


def test_what_belongs_to_no_project_is_not_counted(at: Path) -> None:
    trust = trust_of(at / "made" / "log.vkey", [at / "made" / "release-key.jwk"])
    assert set(counts_of(at / "given" / "log-bundle.zip", trust)) == {"cancer-audit"}


def test_without_a_log_file_there_are_no_counts(at: Path) -> None:
    (at / "given" / "log-bundle.zip").unlink()
    assert read(at).counts is None


def test_a_release_leads_to_the_report_on_the_linkage_of_its_data() -> None:
    quality = a_release(asked(Breakdown.SEX), {("Total",): {"people": 1893}}, release_id=C)
    releases = {A: RELEASES[A], B: RELEASES[B], C: quality}
    files = site(given(releases=releases), NOW)
    led = f'<a href="../{C}/index.html">How well these data were linked, and for whom'
    assert led in text(files, f"releases/{A}/index.html")
    assert led not in text(files, f"releases/{C}/index.html")
    recalled = site(given(RECALLED, releases=releases), NOW)
    assert led not in text(recalled, f"releases/{A}/index.html")
    other = a_release(asked(Breakdown.SEX), {("Total",): {}}, release_id=C, data_version="00" * 32)
    assert led not in text(site(given(releases=releases | {C: other}), NOW), f"releases/{A}/index.html")
