"""R, with nothing installed beside it, reads what was published and finds the numbers that Python finds."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from service.notebook.reading import read_release
from service.publication.files import published_files
from service.publication.folder import write_folder
from service.publication.released import open_release
from tests.unit.publication.releases import PEOPLE, PREVALENCE, Numbers, a_package, a_table, files_of

pytestmark = pytest.mark.outside(tool="Rscript")
CLIENT = Path(__file__).parents[2] / "docs" / "clients" / "tre.R"
SECONDS = 60
ODD: Numbers = {('-1, "quoted" é',): PEOPLE["Male",]}
"""A label that spreadsheets would compute, with what CSV quotes."""


def r(script: str, *arguments: str | Path, expect: int = 0) -> str:
    """What R says to a script in which the client is sourced: its output, or its refusal."""
    code = f"source('{CLIENT}', encoding = 'UTF-8'); of <- commandArgs(TRUE); {script}"
    line = ["Rscript", "--vanilla", "-e", code, *map(str, arguments)]
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment()
    )
    assert done.returncode == expect, done.stderr
    return done.stdout if expect == 0 else done.stderr


def environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A release as it is published."""
    numbers = {**PEOPLE, **ODD}
    package, trust = a_package(tmp_path / "made", files_of(PREVALENCE, a_table(PREVALENCE, numbers)))
    write_folder(published_files(open_release(package, trust)).items(), tmp_path / "page")
    read = read_release(tmp_path / "page", trust)
    (tmp_path / "expected.json").write_text(json.dumps({**read.columns(), "citation": read.citation}))
    return tmp_path / "page"


COLUMNS = """
told <- tre_json_file(of[2]); release <- tre_read(of[1])
stopifnot(identical(tre_cite(release), told$citation), inherits(release, "data.frame"))
for (name in colnames(release)) {
  ours <- release[[name]]
  theirs <- sapply(told[[name]], function(each) if (is.null(each)) NA else each)
  if (is.factor(ours)) ours <- as.character(ours)
  stopifnot(isTRUE(all.equal(ours, theirs, check.attributes = FALSE)), length(theirs) == nrow(release))
}
cat(sapply(release, function(each) class(each)[1]))
"""


def test_r_has_the_numbers_labels_and_statuses_that_python_has(page: Path) -> None:
    kinds = r(COLUMNS, page, page.parent / "expected.json").split()
    assert kinds[:5] == ["character", "integer", "factor", "integer", "factor"]
    assert {"numeric", "factor"} <= set(kinds[5:])


def test_r_prints_the_shorthand_in_words_and_how_to_cite(page: Path) -> None:
    said = r("release <- tre_read(of[1]); print(release); cat(tre_meanings(release)[['[c]']])", page)
    assert "[low] low: nobody, or too few to tell how many" in said
    assert "release.json sha256:" in said
    assert "Every file is the one that release.json names." in said
    assert said.endswith("confidential: withheld to protect people")


@pytest.mark.parametrize(
    "name", ["table.csv", "table.csv-metadata.json", "disclosure-record.json", "query.json"]
)
def test_r_names_a_file_that_was_touched(page: Path, name: str) -> None:
    (page / name).write_bytes((page / name).read_bytes() + b"\n")
    assert f"{name} is not the file that was released" in r("tre_read(of[1])", page, expect=1)


def test_r_names_a_file_that_is_missing(page: Path) -> None:
    (page / "query.json").unlink()
    assert "there is no query.json" in r("tre_read(of[1])", page, expect=1)


def test_r_leaves_its_folder_for_no_name(page: Path) -> None:
    whole = json.loads((page / "release.json").read_text())
    whole["statement"]["files"][0]["name"] = "../expected.json"
    (page / "release.json").write_text(json.dumps(whole))
    assert "does not name the files of a release" in r("tre_read(of[1])", page, expect=1)


def test_r_believes_no_status_that_contradicts_its_number(page: Path) -> None:
    table = (page / "table.csv").read_text()
    (page / "table.csv").write_text(table.replace("1200,", ",", 1))
    assert "contradict" in r("tre_read(of[1], check = FALSE)", page, expect=1)


def test_unchecked_files_are_said_to_be_unchecked(page: Path) -> None:
    said = r("release <- tre_read(of[1], check = FALSE); print(release)", page)
    assert "Files were NOT checked." in said
    assert "sha256" not in said


def test_a_part_of_a_table_is_a_data_frame_and_does_not_cite(page: Path) -> None:
    assert "numerator" in r("release <- tre_read(of[1]); print(release[1, 1:2])", page)
    refused = r("release <- tre_read(of[1]); tre_cite(release[1, 1:2])", page, expect=1)
    assert "ask the whole" in refused


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server of a folder."""
    handler = partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Says nothing of what it serves."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.enable_socket
def test_r_reads_from_a_web_server_what_it_reads_from_a_folder(page: Path) -> None:
    shutil.rmtree(page.parent / "made")
    with served(page.parent) as address:
        r(COLUMNS, f"{address}/page/", page.parent / "expected.json")
        assert "cannot fetch release.json" in r("tre_read(of[1])", f"{address}/nowhere", expect=1)


def test_r_lists_the_register(tmp_path: Path) -> None:
    release = {"release_id": "ab" * 16, "title": "Title", "state": "current", "corrected_by": None}
    (tmp_path / "register.json").write_text(json.dumps({"releases": [release]}))
    said = r("listed <- tre_register(of[1]); cat(nrow(listed), listed$title, listed$corrected_by)", tmp_path)
    assert said == "1 Title NA"
    (tmp_path / "register.json").write_text('{"releases": []}')
    assert r("cat(dim(tre_register(of[1])))", tmp_path) == "0 8"


VALUES = [
    None,
    True,
    0,
    -1.5e3,
    'é " \\ / \n\t \U0001f600 \x7f',
    [],
    {},
    [[1], {"a": [None, False]}],
    {"": "x"},
]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_r_reads_json_as_python_writes_it(tmp_path: Path, ascii_only: bool) -> None:  # noqa: FBT001
    for place, value in enumerate(VALUES):
        (tmp_path / f"{place}.json").write_text(json.dumps(value, ensure_ascii=ascii_only), encoding="utf-8")
    script = """
    of <- file.path(of[1], paste0(0:8, ".json")); read <- lapply(of, tre_json_file)
    stopifnot(
      is.null(read[[1]]), isTRUE(read[[2]]), read[[3]] == 0, read[[4]] == -1500,
      identical(utf8ToInt(read[[5]]),
        c(233L, 32L, 34L, 32L, 92L, 32L, 47L, 32L, 10L, 9L, 32L, 128512L, 32L, 127L)),
      identical(read[[6]], list()), length(read[[7]]) == 0,
      read[[8]][[1]][[1]] == 1, is.null(read[[8]][[2]]$a[[1]]), identical(read[[8]][[2]]$a[[2]], FALSE),
      identical(unname(read[[9]]), list("x"))
    )
    """
    r(script, tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1,]", '{"a" 1}', "{1:2}", "[1] 2", "nul", '"\\q"', ":", "[1 2]"])
def test_r_refuses_what_is_no_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "not.json").write_text(text)
    assert "this is not JSON" in r("tre_json_file(of[1])", tmp_path / "not.json", expect=1)


def test_r_says_what_to_install_where_a_command_is_missing() -> None:
    assert "pip install" in r("tre_ask('question.yaml', 'https://tre.example', 'keys')", expect=1)


def test_the_r_of_the_guide_runs(page: Path) -> None:
    guide = (CLIENT.parents[1] / "CLIENTS.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```r\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if "source(" in block]
    site, release_id = page.parent / "site", "ab" * 16
    (site / "releases").mkdir(parents=True)
    page.rename(site / "releases" / release_id)
    (site / "register.json").write_text(json.dumps({"releases": [{"release_id": release_id}]}))
    script = block.replace('source("tre.R")\n', "").replace("https://results.example.org", str(site))
    assert "release.json sha256:" in r(f"{script}\nstopifnot(mean_percent > 0)")
