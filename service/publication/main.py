"""The commands of tre-publish: what was released, as files that any web server can serve."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from linkage_engine.contract.permit import PublicKey
from service.clock import utc_now
from service.command_line import run
from service.publication.crate.file import crate_file, open_crate
from service.publication.files import published_files
from service.publication.folder import write_folder
from service.publication.pins import trust_of
from service.publication.register.given import read_given
from service.publication.register.site import site as whole_site
from service.publication.released import open_release

app = typer.Typer(help="Make pages and files of what was released; needs no network.", no_args_is_help=True)

Vkey = Annotated[Path, typer.Option("--vkey", help="File with the log's public key.")]
ReleaseKey = Annotated[
    list[Path],
    typer.Option(
        "--release-key", help="File with the gate's public key (JWK); one for each, where it changed."
    ),
]
Out = Annotated[Path, typer.Option("--out", help="A new folder.")]


@app.command()
def release(package: Path, vkey: Vkey, release_key: ReleaseKey, out: Out) -> None:
    """Publish one release package: a page, tables and a recipe card in a new folder."""
    files = published_files(open_release(package, trust_of(vkey, release_key)))
    _written(files.items(), out)


@app.command()
def crate(
    package: Path,
    vkey: Vkey,
    release_key: ReleaseKey,
    out: Annotated[Path, typer.Option("--out", help="The zip file to write.")],
) -> None:
    """Make a Five Safes RO-Crate of one release package: a bag with everything, as a zip file."""
    made = crate_file(open_release(package, trust_of(vkey, release_key)))
    with out.open("xb") as file:
        file.write(made)
    print(f"{out}: {len(made)} bytes")


@app.command()
def check_crate(file: Path, vkey: Vkey, release_key: ReleaseKey) -> None:
    """Hold a crate to its profile, every digest to its file, and the release in it to the pinned keys."""
    held = open_crate(file, trust_of(vkey, release_key))
    print(f"verified: release {held.statement.release_id}, entry {held.log.index} of {held.log.origin}")


@app.command()
def site(
    folder: Path,
    vkey: Vkey,
    release_key: ReleaseKey,
    governance_key: Annotated[
        Path, typer.Option("--governance-key", help="File with governance's public key (JWK).")
    ],
    out: Out,
) -> None:
    """Make the public register of all releases, projects and refusals as a web site in a new folder."""
    governance = PublicKey.model_validate_json(governance_key.read_bytes())
    given = read_given(folder, trust_of(vkey, release_key), governance)
    _written(whole_site(given, utc_now()), out)


def _written(files: Iterable[tuple[str, bytes]], out: Path) -> None:
    print(f"{out}: {write_folder(files, out)} files")


def main() -> None:
    """Run the tool."""
    sys.exit(run(app))
