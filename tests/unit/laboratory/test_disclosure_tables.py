"""tre-evaluate disclosure protect and audit: what they write, and what they refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from linkage_engine.disclosure.auditor.worlds import Worlds
from linkage_engine.laboratory.main import app

POLICY = """
sdc_policy: 1
profile: of-this-test
threshold: {persons: 4, complement: true, zero: {structural: show, sampling: show}}
counts: {mechanism: suppress}
"""
LINKED = [
    *("A,county-1,small,2", "B,county-1,small,2", "I,county-1,small,8", "J,county-1,small,8"),
    *("K,county-2,small,3", "L,county-2,BIG,3", "M,county-2,BIG,3", "N,county-2,small,7"),
]
SPEC = {"dimensions": [["region", "county", "group"]], "count": "n"}


def run(
    folder: Path,
    *,
    rows: list[str] = LINKED,
    spec: Any = SPEC,
    policy: str = POLICY,
    header: str = "region,county,group,n",
) -> Result:
    (folder / "data.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    given = ["--spec", folder / "spec.json", "--policy", folder / "policy.yaml"]
    out = ["--csv", folder / "out.csv", "--json", folder / "out.json"]
    return CliRunner().invoke(app, ["disclosure", "protect", *map(str, [folder / "data.csv", *given, *out])])


def audit(folder: Path, pattern: Path) -> Result:
    given = ["--spec", folder / "spec.json", "--pattern", pattern, "--json", folder / "audit.json"]
    return CliRunner().invoke(app, ["disclosure", "audit", *map(str, [folder / "data.csv", *given])])


def cells(folder: Path) -> list[dict[str, str]]:
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(folder: Path, name: str = "out.json") -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_a_table_is_protected_and_its_pattern_passes_the_auditor_alone(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 0
    figures = written(tmp_path)
    assert (figures["cells"], figures["primary"], figures["audit"]["determined"]) == (13, 5, 0)
    rows = cells(tmp_path)
    assert list(rows[0]) == ["d1", "n", "primary", "suppressed", "published"]
    assert rows[0] == {"d1": "Total", "n": "36", "primary": "False", "suppressed": "False", "published": "36"}
    assert all((row["published"] == "[c]") == (row["suppressed"] == "True") for row in rows)
    assert audit(tmp_path, tmp_path / "out.csv").exit_code == 0
    assert written(tmp_path, "audit.json")["safe"]


def test_the_auditor_says_which_cell_is_told_and_how_far_the_others_range(tmp_path: Path) -> None:
    run(tmp_path)
    rows = cells(tmp_path)
    for hidden, told, k_range in (
        ("ABKLM", [{"cell": ["region=K"], "value": 3}], (3, 3)),
        ("ABKLMN", [], (0, 10)),
    ):
        lines = [f"{row['d1']},{row['d1'].removeprefix('region=') in set(hidden)}" for row in rows]
        (tmp_path / "pattern.csv").write_text("\n".join(["d1,suppressed", *lines]) + "\n")
        assert audit(tmp_path, tmp_path / "pattern.csv").exit_code == 0
        found = written(tmp_path, "audit.json")
        assert (found["determined"], found["undecided"]) == (told, [])
        (about_k,) = (each for each in found["ranges"] if each["cell"] == ["region=K"])
        assert (about_k["low"], about_k["high"], about_k["exact"]) == (*k_range, True)


def test_a_hidden_total_has_no_upper_end(tmp_path: Path) -> None:
    run(tmp_path, rows=["A,x,s,2"])
    assert audit(tmp_path, tmp_path / "out.csv").exit_code == 0
    assert {each["high"] for each in written(tmp_path, "audit.json")["ranges"]} == {None}


def test_rounding_hides_the_unsafe_ones_alone_and_rounds_every_margin(tmp_path: Path) -> None:
    rounded = POLICY.replace("mechanism: suppress", "mechanism: round, method: midpoint6")
    assert run(tmp_path, policy=rounded).exit_code == 0
    rows = {row["d1"]: row for row in cells(tmp_path)}
    assert rows["Total"]["published"] == "33"
    assert rows["group=BIG"]["published"] == "[c]", "six is told as three, which is under the threshold"
    assert {row["primary"] == row["suppressed"] for row in rows.values()} == {True}


def test_each_record_counts_once_without_a_column_of_counts(tmp_path: Path) -> None:
    run(tmp_path, rows=["A,x,s,?"] * 5 + ["B,x,s,?"] * 6, spec={"dimensions": [["region"]]})
    assert [row["n"] for row in cells(tmp_path)] == ["11", "5", "6"]


SUMS = {"dimensions": [["region"], ["group"]], "value": "n"}


def test_sums_are_judged_by_their_contributors_and_stay_exact(tmp_path: Path) -> None:
    rows = [f"{region},{name},{group},{n}" for region, group, name, n in [
        ("A", "s", "one", "9.5"), ("A", "s", "one", "1.25"), ("A", "s", "two", "7"), ("A", "s", "three", "6"),
        ("A", "t", "one", "99"), ("A", "t", "two", "1"), ("B", "s", "four", "20"), ("B", "s", "five", "21"),
        ("B", "s", "six", "22"), ("B", "t", "four", "30"), ("B", "t", "five", "31"), ("B", "t", "six", "29"),
    ]]  # fmt: skip
    policy = POLICY.replace("persons: 4", "persons: 2") + "magnitude: {nk: [[1, 0.8]], p_percent: 0}\n"
    assert run(tmp_path, rows=rows, spec=SUMS | {"contributor": "county"}, policy=policy).exit_code == 0
    unsafe = {(row["d1"], row["d2"]) for row in cells(tmp_path) if row["primary"] == "True"}
    # of A's 122.75 one gave 108.75, of A and t 99 of 100; of all 276.75 it is under half
    assert unsafe == {("region=A", "group=t"), ("region=A", "Total")}
    assert cells(tmp_path)[0]["n"] == "276.75"
    assert run(tmp_path, rows=rows, spec=SUMS, policy=policy).exit_code == 0


def test_a_table_that_the_auditor_does_not_find_safe_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worlds, "entire", lambda *_: None)
    assert run(tmp_path).exit_code == 1
    assert not (tmp_path / "out.csv").exists()
    assert written(tmp_path)["safe"] is False


def test_labels_with_separators_formulas_and_total_stay_themselves(tmp_path: Path) -> None:
    names = ['"a,b;c"', "=1+1", "Total", '"say ""x"""', "p=q", "NaN"]
    rows = [f"{name},x,s,{10 + at}" for at, name in enumerate(names)]
    assert run(tmp_path, rows=rows, spec={"dimensions": [["region"], ["group"]], "count": "n"}).exit_code == 0
    said = {row["d1"] for row in cells(tmp_path)}
    assert said >= {"Total", "region=a,b;c", "region==1+1", "region=Total", 'region=say "x"', "region=p=q"}
    assert not any(label.startswith("=") for label in said)
    assert audit(tmp_path, tmp_path / "out.csv").exit_code == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rows": []}, "table-invalid"),
        ({"rows": ["A,x,s,-1"]}, "table-invalid"),
        ({"rows": ["A,x,s,1.5"]}, "table-invalid"),
        ({"rows": ["A,x,s,NaN"]}, "table-invalid"),
        ({"rows": ["A,x,s,inf"]}, "table-invalid"),
        ({"rows": ["A,x,s,"]}, "table-invalid"),
        ({"rows": ["A,x,s,many"]}, "table-invalid"),
        ({"rows": ["A,x,s,1e400"]}, "table-invalid"),
        ({"rows": ["A,x,s"]}, "table-invalid"),
        ({"rows": ["A,x,s,0.0000001"], "spec": SUMS}, "table-invalid"),
        ({"rows": [], "header": ""}, "columns-differ"),
        ({"header": "region,county,region,n"}, "columns-differ"),
        ({"spec": {"dimensions": [["town"]], "count": "n"}}, "columns-differ"),
        ({"spec": {"dimensions": [["region"]], "count": "n", "weight": "w"}}, "specification-invalid"),
        ({"spec": {"dimensions": [["region"], ["region"]], "count": "n"}}, "specification-invalid"),
        ({"spec": {"dimensions": [], "count": "n"}}, "specification-invalid"),
        ({"spec": {"dimensions": [["a=b"]], "count": "n"}}, "specification-invalid"),
        ({"spec": {"dimensions": [["=cmd"]], "count": "n"}}, "specification-invalid"),
        ({"spec": {"dimensions": [["region"]], "count": "n", "value": "n"}}, "specification-invalid"),
        ({"spec": SPEC | {"contributor": "county"}}, "specification-invalid"),
        ({"policy": POLICY.replace("persons: 4", "persons: 0")}, "policy-invalid"),
        ({"policy": POLICY.replace("persons: 4", "persons: 1")}, "policy-invalid"),
        ({"policy": POLICY + "dp: {enabled: true}\n"}, "policy-invalid"),
        ({"policy": POLICY + "treshold: 4\n"}, "policy-invalid"),
        ({"policy": "a: [b"}, "policy-invalid"),
        (
            {"policy": POLICY.replace("suppress}", "cellkey}").replace("persons: 4", "persons: 10")},
            "mechanism-not-available",
        ),
        (
            {"policy": POLICY.replace("suppress}", "round, method: nearest5}"), "spec": SUMS},
            "mechanism-not-available",
        ),
    ],
)  # fmt: skip
def test_what_is_no_table_specification_or_policy_is_refused_by_name(
    tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    done = run(tmp_path, **change)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"refused: {code}"), done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_table_of_a_million_cells_is_refused_by_name(tmp_path: Path) -> None:
    rows = [f"a{n},b{n},c{n},1" for n in range(101)]
    spec = {"dimensions": [["region"], ["county"], ["group"]], "count": "n"}
    assert "table-too-large" in run(tmp_path, rows=rows, spec=spec).stderr


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "data.csv").write_bytes(b"region,county,group,n\n\xff\xfe,x,s,1\n")
    assert "table-invalid" in audit(tmp_path, tmp_path / "out.csv").stderr


@pytest.mark.parametrize(
    "lines",
    [
        ["d1,suppressed"],
        ["cell,suppressed", "Total,True"],
        ["d1,suppressed", "Total,True"],
        ["d1,suppressed", "Total,perhaps", "region=A,True"],
        ["d1,suppressed", "Total,True", "region=A,True", "region=A,False"],
    ],
)
def test_a_pattern_that_is_not_one_of_the_table_is_refused(tmp_path: Path, lines: list[str]) -> None:
    run(tmp_path, rows=["A,x,s,9"], spec={"dimensions": [["region"]], "count": "n"})
    (tmp_path / "pattern.csv").write_text("\n".join(lines) + "\n")
    done = audit(tmp_path, tmp_path / "pattern.csv")
    assert done.exit_code == 1
    assert "pattern-invalid" in done.stderr
