from __future__ import annotations

import json
import stat
from collections.abc import Callable

import pytest

from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from service.command_line import run
from service.provider.main import app
from tests.unit.provider.desk import TUMOURS, Desk

Said = pytest.CaptureFixture[str]
TUMOUR = "CANARY-P{n},,CANARY-NEW,EVE,03/04/1960,F,,N{n},05/06/2021,C509,1\n"


def changes(desk: Desk) -> int:
    arguments = ["changes", str(desk.mapping), "--project", str(desk.project)]
    return run(app, [*arguments, "--secret", str(desk.secret), "--keys", str(desk.keys)])


def add_tumours(desk: Desk, count: int) -> None:
    with (desk.folder / "tumours.csv").open("a") as file:
        file.writelines(TUMOUR.format(n=n) for n in range(10, 10 + count))


def history(desk: Desk) -> str:
    return (desk.keys / "history" / "prevalence-2025.json").read_text()


def test_a_first_delivery_has_nothing_to_be_compared_with(desk: Desk, capsys: Said) -> None:
    assert changes(desk) == 0
    assert capsys.readouterr().out == "No earlier delivery to compare with.\n"
    assert not (desk.keys / "history").exists()


def test_the_same_files_have_not_changed(sealed: Desk, capsys: Said) -> None:
    assert changes(sealed) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "Since delivery 1, the extract of 2025-03-31:",
        "  cancer_registration: 3 rows then, 3 now (+0.0%)",
        "  death: 2 rows then, 2 now (+0.0%)",
        "  persons: 0 new, 0 dropped, 3 in both",
    ]
    assert said.err == ""


def test_new_and_dropped_persons_are_counted_and_a_large_change_is_warned_of(
    sealed: Desk, capsys: Said
) -> None:
    add_tumours(sealed, 2)
    (sealed.folder / "deaths.csv").write_text("PATIENTID,DIED,CAUSE\nCANARY-P2,01/02/2021,C61\n")
    assert changes(sealed) == 0
    said = capsys.readouterr()
    assert "  cancer_registration: 3 rows then, 5 now (+66.7%)  <- look at this" in said.out
    assert "  death: 2 rows then, 1 now (-50.0%)  <- look at this" in said.out
    assert "  persons: 2 new, 1 dropped, 2 in both" in said.out
    assert said.err.startswith("Warning: ")
    assert "CANARY" not in said.out + said.err


@pytest.mark.parametrize(("added", "warned"), [(3, False), (4, True)])
def test_a_fifth_is_not_yet_much(desk: Desk, added: int, warned: bool, capsys: Said) -> None:  # noqa: FBT001  # a case
    add_tumours(desk, 12)
    assert run(app, desk.seal_arguments()) == 0
    with (desk.folder / "tumours.csv").open("a") as file:
        file.writelines(TUMOUR.format(n=n) for n in range(50, 50 + added))
    capsys.readouterr()
    assert changes(desk) == 0
    assert bool(capsys.readouterr().err) is warned


def test_a_data_set_that_is_new_or_missing_is_said(sealed: Desk, capsys: Said) -> None:
    sealed.change_mapping(lambda m: m["files"].pop())
    assert changes(sealed) == 0
    said = capsys.readouterr()
    assert "  death: 2 rows then, 0 now (-100.0%)  <- look at this" in said.out
    sealed.package.unlink()
    assert run(app, sealed.seal_arguments()) == 0
    sealed.change_mapping(lambda m: m["files"].append({**m["files"][0], **DEATHS}))
    capsys.readouterr()
    assert changes(sealed) == 0
    assert "  death: 2 rows, not sent before" in capsys.readouterr().out


DEATHS = {
    "file": "deaths.csv",
    "data_set": "death",
    "identifiers": {},
    "columns": {"date_of_death": "DIED"},
    "codes": {},
}


def test_a_resubmission_says_what_changed_before_it_is_sealed_and_is_remembered(
    sealed: Desk, capsys: Said
) -> None:
    add_tumours(sealed, 1)
    sealed.package.unlink()
    assert run(app, sealed.seal_arguments()) == 0
    said = capsys.readouterr().out
    assert "  persons: 1 new, 0 dropped, 3 in both" in said
    assert said.index("Since delivery 1") < said.index("identifiers: 4 rows")
    assert json.loads(history(sealed))["counter"] == 2
    assert changes(sealed) == 0
    assert "Since delivery 2" in capsys.readouterr().out


def test_what_is_kept_is_digests_for_the_owner_alone(sealed: Desk) -> None:
    kept = sealed.keys / "history" / "prevalence-2025.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "CANARY" not in history(sealed)
    assert set(json.loads(history(sealed))) == {
        "last_delivery",
        "counter",
        "extract_date",
        "key_check",
        "rows",
        "quarters",
        "persons",
    }


def many_tumours(desk: Desk, *, of_2021: int, of_2023: int) -> None:
    """A file of tumours of two quarters, so many of each."""
    (desk.folder / "tumours.csv").write_text(
        TUMOURS.splitlines()[0]
        + "\n"
        + "".join(TUMOUR.format(n=n) for n in range(100, 100 + of_2021))
        + "".join(TUMOUR.format(n=n).replace("2021", "2023") for n in range(500, 500 + of_2023))
    )


def sealed_again(desk: Desk, *options: str) -> int:
    desk.package.unlink(missing_ok=True)
    return run(app, desk.seal_arguments(*options))


def test_a_resubmission_that_shrinks_by_half_is_named_and_not_sealed_unless_it_is_meant(
    desk: Desk, capsys: Said
) -> None:
    many_tumours(desk, of_2021=40, of_2023=20)
    assert sealed_again(desk) == 0
    many_tumours(desk, of_2021=10, of_2023=20)
    capsys.readouterr()
    assert changes(desk) == 0
    said = "shrunk: cancer_registration has 30 rows, and had 60"
    assert f"  {said}\n" in capsys.readouterr().out
    assert sealed_again(desk) == 1
    told = capsys.readouterr()
    assert told.err.startswith("Delivery shrank: ") or "Delivery shrank: " in told.err
    assert said in told.err
    assert not desk.package.exists()
    assert json.loads(history(desk))["counter"] == 1
    assert sealed_again(desk, "--despite-losses") == 0
    assert "CANARY" not in told.out + told.err


def test_a_quarter_that_had_rows_and_has_none_is_named(desk: Desk, capsys: Said) -> None:
    many_tumours(desk, of_2021=20, of_2023=60)
    assert sealed_again(desk) == 0
    many_tumours(desk, of_2021=0, of_2023=60)
    capsys.readouterr()
    assert sealed_again(desk) == 1
    assert "quarter-gone: cancer_registration has no rows of 2021Q2, and had 20" in capsys.readouterr().err


def test_quarters_between_that_are_empty_are_told_and_stop_nothing(desk: Desk, capsys: Said) -> None:
    many_tumours(desk, of_2021=20, of_2023=20)
    assert sealed_again(desk) == 0
    capsys.readouterr()
    assert sealed_again(desk) == 0
    empty = "2021Q3, 2021Q4, 2022Q1, 2022Q2, 2022Q3, 2022Q4, 2023Q1"
    assert f"quarter-empty: cancer_registration has no rows of {empty}, between" in capsys.readouterr().out


def test_a_history_from_before_quarters_were_kept_is_read(sealed: Desk, capsys: Said) -> None:
    kept = json.loads(history(sealed))
    del kept["quarters"]
    (sealed.keys / "history" / "prevalence-2025.json").write_text(json.dumps(kept))
    assert changes(sealed) == 0
    assert "Since delivery 1" in capsys.readouterr().out


def test_under_another_secret_persons_are_not_compared(sealed: Desk, capsys: Said) -> None:
    secret = LinkageSecret(bytes(range(1, 33)))
    sealed.secret.write_text(secret.reveal().hex())
    check = key_check(secret, "prevalence-2025", 1)
    sealed.project.write_text(json.dumps(json.loads(sealed.project.read_text()) | {"key_check": check}))
    assert changes(sealed) == 0
    assert "persons: not compared" in capsys.readouterr().out


def test_a_secret_that_is_not_the_projects_is_refused(sealed: Desk, capsys: Said) -> None:
    sealed.secret.write_text("ff" * 32)
    assert changes(sealed) == 1
    assert capsys.readouterr().err.startswith("Wrong linkage secret: ")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:40],
        lambda text: text.replace('"persons":"', '"persons":"!'),
        lambda text: text.replace('"persons":"', '"persons":"QUJD'),
    ],
    ids=["cut short", "not base64", "not whole digests"],
)
def test_a_damaged_history_is_refused_before_anything_is_sealed(
    sealed: Desk, damage: Callable[[str], str], capsys: Said
) -> None:
    (sealed.keys / "history" / "prevalence-2025.json").write_text(damage(history(sealed)))
    sealed.package.unlink()
    assert run(app, sealed.seal_arguments()) == 1
    assert capsys.readouterr().err.startswith("Key folder unusable: ")
    assert not sealed.package.exists()
