from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from service.audit.release import Trust
from service.command_line import run
from service.problems.problem import Problem
from service.problems.publication import CrateNotVerified, ReleaseNotVerified
from service.publication.crate.bag import bag, bag_faults
from service.publication.crate.file import crate_file, open_crate
from service.publication.crate.make import crate
from service.publication.crate.profile import crate_faults
from service.publication.main import app
from service.publication.released import open_release
from service.releases.zipped import zipped
from tests.unit.publication.releases import PEOPLE, PREVALENCE, a_package, a_release, a_table, files_of
from tests.unit.publication.studies import EMERGENCY_RELEASE, LINKAGE_RELEASE, TRAJECTORY_RELEASE

METADATA = "data/ro-crate-metadata.json"
FILES = files_of(PREVALENCE, a_table(PREVALENCE, PEOPLE))
CRATE = crate(a_release())
GRAPH: list[dict[str, Any]] = json.loads(CRATE[METADATA])["@graph"]
Change = Callable[[dict[str, dict[str, Any]]], object]


def rebagged(files: Mapping[str, bytes], **changes: bytes | None) -> Mapping[str, bytes]:
    """The bag with some payload files changed, added or left out, and right manifests."""
    payload = {name.removeprefix("data/"): data for name, data in files.items() if name.startswith("data/")}
    for name, data in changes.items():
        if data is None:
            del payload[name]
        else:
            payload[name] = data
    return bag(payload, {"External-Identifier": "urn:uuid:9796155a-fe44-4614-89b8-71945f718ffb"})


def with_graph(change: Change) -> Mapping[str, bytes]:
    """The crate with its metadata changed."""
    entities = {each["@id"]: each for each in json.loads(CRATE[METADATA])["@graph"]}
    change(entities)
    text = json.dumps({"@context": "x", "@graph": list(entities.values())}).encode()
    return rebagged(CRATE, **{"ro-crate-metadata.json": text})


def pointers(refused: Problem) -> str:
    listed = refused.facts["faults"]
    assert isinstance(listed, list)
    return "; ".join(fault["pointer"] for fault in listed)


@pytest.mark.parametrize("release", [a_release(), EMERGENCY_RELEASE, LINKAGE_RELEASE, TRAJECTORY_RELEASE])
def test_every_release_makes_a_crate_that_its_profile_accepts(release: Any) -> None:
    assert crate_faults(crate(release)) == ()


def test_the_run_and_every_phase_of_its_review_are_told() -> None:
    told = [str(each.get("additionalType", "")).partition("shp#")[2] for each in GRAPH]
    phases = [each.removesuffix("'}") for each in told if each]
    assert phases == [
        "CheckValue",
        "ValidationCheck",
        "SignOff",
        "DisclosureCheck",
        "DisclosureCheck",
        "DisclosureCheck",
        "GenerateCheckValue",
    ]
    (run,) = [each for each in GRAPH if each["@type"] == "CreateAction"]
    assert run["agent"] == {"@id": "#person-rosalind"}
    assert {"@id": "outputs/table.csv"} in run["result"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda g: g.pop("./"), "./: is no Dataset"),
        (lambda g: g["./"].pop("license"), "publisher or license"),
        (lambda g: g["./"].pop("conformsTo"), "does not conform to the profile"),
        (lambda g: g["./"].pop("sourceOrganization"), "has no Project"),
        (lambda g: g["workflow/"].pop("conformsTo"), "has no Workflow RO-Crate"),
        (lambda g: g["ro-crate-metadata.json"].pop("about"), "does not say that it is about ./"),
        (lambda g: g.pop("#run"), "mentions 0 CreateActions"),
        (lambda g: g["#run"].pop("instrument"), "is not of the mainEntity"),
        (lambda g: g["#run"].update(agent={"@id": "#gate"}), "has no Person as its agent"),
        (lambda g: g["#run"].update(actionStatus="done"), "#run: has no actionStatus"),
        (lambda g: g["#run"].pop("result"), "completed without a result"),
        (lambda g: g["#run"].update(result=[{"@id": "http://a/b"}]), "a result that is no part"),
        (lambda g: g["#run"].pop("object"), "#run: has no object"),
        (lambda g: g.pop("#sign-off"), "no SignOff is told"),
        (lambda g: g["#check"].update(name=""), "#check: has no name"),
        (lambda g: g["#check"].pop("endTime"), "#check: has no endTime"),
        (lambda g: g["#check"].pop("actionStatus"), "#check: has no actionStatus"),
        (lambda g: g["#check"].pop("agent"), "has no agent with a name"),
        (lambda g: g["#validation"].pop("object"), "#validation: is not about the crate"),
        (lambda g: g["#gate"].pop("provider"), "is by software of no Organization"),
        (lambda g: g.pop("#tre"), "refers to #tre, which is not described"),
        (lambda g: g["./"]["hasPart"].append({"@id": "../fetch.txt"}), "../fetch.txt: is outside the crate"),
        (lambda g: g["./"]["hasPart"].append({"@id": "/etc/passwd"}), "/etc/passwd: is outside the crate"),
        (lambda g: g["./"]["hasPart"].remove({"@id": "recipe.json"}), "recipe.json: is no part of the crate"),
        (lambda g: g["recipe.json"].update({"@id": "x.json"}), "x.json: is no file of the bag"),
    ],
)
def test_what_the_profile_asks_for_and_is_not_there_is_named(change: Change, says: str) -> None:
    assert says in "; ".join(crate_faults(with_graph(change)))


@pytest.mark.parametrize(
    "text", [b"{", b"{}", b'{"@graph": []}', b'{"@graph": [1]}', b'{"@graph": [{"@id": "./"}]}', None]
)
def test_a_crate_without_a_graph_is_named(text: bytes | None) -> None:
    faults = crate_faults(rebagged(CRATE, **{"ro-crate-metadata.json": text}))
    assert "data/ro-crate-metadata.json: missing, or no graph" in "; ".join(faults)


def test_two_entities_of_one_id_are_no_graph() -> None:
    text = json.dumps({"@graph": [*GRAPH, GRAPH[0]]}).encode()
    assert "an id of its own" in crate_faults(rebagged(CRATE, **{"ro-crate-metadata.json": text}))[0]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("bagit.txt", b"BagIt-Version: 0.97\n", "not BagIt 1.0"),
        ("bag-info.txt", b"External-Identifier: mine\n", "no External-Identifier"),
        ("manifest-sha512.txt", b"nothing", "manifest-sha512.txt: missing or unreadable"),
        ("tagmanifest-sha512.txt", b"\xff", "tagmanifest-sha512.txt: missing or unreadable"),
        ("data/outputs/table.csv", b"sex\n", "data/outputs/table.csv: missing, or its digest differs"),
        ("data/new.txt", b"", "data/new.txt: not in manifest-sha512.txt"),
        ("other.txt", b"", "other.txt: does not belong in the bag"),
    ],
)
def test_every_change_of_a_bag_is_named(name: str, data: bytes, says: str) -> None:
    assert says in "; ".join(crate_faults({**CRATE, name: data}))


def test_a_bag_without_a_file_is_incomplete() -> None:
    assert list(bag_faults({name: d for name, d in CRATE.items() if name != "data/query.json"})) == [
        "data/query.json: missing, or its digest differs"
    ]


@pytest.mark.outside(tool="sha512sum")
def test_sha512sum_holds_every_file_of_the_bag(tmp_path: Path) -> None:
    (tmp_path / "crate.zip").write_bytes(crate_file(a_release()))
    with zipfile.ZipFile(tmp_path / "crate.zip") as archive:
        archive.extractall(tmp_path)
    for manifest in ("manifest-sha512.txt", "tagmanifest-sha512.txt"):
        held = subprocess.run(
            ["sha512sum", "--check", "--strict", manifest], cwd=tmp_path / f"release-{'ab' * 16}",
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert all(line.endswith(": OK") for line in held.stdout.splitlines())


def test_what_its_zip_declares_is_what_it_is(tmp_path: Path) -> None:
    assert crate_file(a_release()) == crate_file(a_release())
    info = CRATE["bag-info.txt"].decode()
    payload = [data for name, data in CRATE.items() if name.startswith("data/")]
    assert "External-Identifier: urn:uuid:abababab-abab-abab-abab-abababababab\n" in info
    assert f"Payload-Oxum: {sum(map(len, payload))}.{len(payload)}\n" in info
    digest = hashlib.sha512(CRATE["data/query.json"]).hexdigest()
    assert f"{digest}  data/query.json\n" in CRATE["manifest-sha512.txt"].decode()


@pytest.fixture
def at(tmp_path: Path) -> tuple[Path, Trust]:
    package, trust = a_package(tmp_path, FILES)
    (tmp_path / "crate.zip").write_bytes(crate_file(open_release(package, trust)))
    return tmp_path, trust


def test_a_crate_opens_to_its_release(at: tuple[Path, Trust]) -> None:
    folder, trust = at
    assert open_crate(folder / "crate.zip", trust).asked == PREVALENCE


def changed_crate(folder: Path, **changes: bytes | None) -> Path:
    """The crate with payload changed by somebody who makes all manifests anew."""
    with zipfile.ZipFile(folder / "crate.zip") as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    path = folder / "changed.zip"
    path.write_bytes(zipped((f"b/{name}", data) for name, data in rebagged(files, **changes).items()))
    return path


def test_a_number_that_was_changed_beside_the_package_is_found(at: tuple[Path, Trust]) -> None:
    folder, trust = at
    table = FILES["table.csv"].replace(b"1200", b"1206")
    path = changed_crate(folder, **{"outputs/table.csv": table})
    with pytest.raises(CrateNotVerified) as refused:
        open_crate(path, trust)
    assert pointers(refused.value) == "data/outputs/table.csv: is not what was signed"


def test_a_package_of_another_gate_is_found(at: tuple[Path, Trust], tmp_path: Path) -> None:
    folder, trust = at
    other, _ = a_package(tmp_path / "other", FILES)
    with pytest.raises(CrateNotVerified) as refused:
        open_crate(changed_crate(folder, **{"release.zip": other.read_bytes()}), trust)
    assert "release.json" in pointers(refused.value)


def test_a_crate_without_its_package_is_none(at: tuple[Path, Trust]) -> None:
    folder, trust = at
    entities = [each for each in GRAPH if each["@id"] != "release.zip"]
    for each in entities:
        for name in ("hasPart", "object"):
            if isinstance(each.get(name), list):
                each[name] = [one for one in each[name] if one != {"@id": "release.zip"}]
    text = json.dumps({"@graph": entities}).encode()
    path = changed_crate(folder, **{"release.zip": None, "ro-crate-metadata.json": text})
    with pytest.raises(CrateNotVerified, match="crate-not-verified") as refused:
        open_crate(path, trust)
    assert pointers(refused.value) == "data/release.zip: missing"


@pytest.mark.parametrize("members", [{}, {"a/bagit.txt": b"", "b/x": b""}, {"bagit.txt": b""}])
def test_an_archive_of_no_one_bag_is_refused(
    at: tuple[Path, Trust], tmp_path: Path, members: dict[str, bytes]
) -> None:
    path = tmp_path / "odd.zip"
    path.write_bytes(zipped(members.items()))
    with pytest.raises(CrateNotVerified) as refused:
        open_crate(path, at[1])
    assert pointers(refused.value) == "the archive: not one folder that is a bag"


def test_what_is_no_zip_file_is_refused(at: tuple[Path, Trust], tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(CrateNotVerified):
        open_crate(tmp_path / "text.zip", at[1])


def test_the_commands_make_a_crate_once_and_check_it(
    at: tuple[Path, Trust], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = at
    keys = ["--vkey", str(folder / "log.vkey"), "--release-key", str(folder / "release-key.jwk")]
    make = ["crate", str(folder / "release.zip"), *keys, "--out", str(folder / "made.zip")]
    assert (run(app, make), run(app, make)) == (0, 1)
    assert "File exists" in capsys.readouterr().err
    assert (folder / "made.zip").read_bytes() == (folder / "crate.zip").read_bytes()
    assert run(app, ["check-crate", str(folder / "made.zip"), *keys]) == 0
    assert "verified: release abab" in capsys.readouterr().out
    assert run(app, ["check-crate", str(folder / "release.zip"), *keys]) == 1
    assert "Crate not verified" in capsys.readouterr().err


def test_another_gates_key_makes_no_crate(at: tuple[Path, Trust], tmp_path: Path) -> None:
    _, other = a_package(tmp_path / "other", FILES)
    with pytest.raises(ReleaseNotVerified):
        open_release(at[0] / "release.zip", other)
