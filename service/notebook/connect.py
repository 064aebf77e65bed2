"""Where a notebook begins: the owner of a key folder, a service, and the keys that releases are held to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from service.client import Client
from service.clock import utc_now
from service.keys import folder_key
from service.notebook.refusals import explained
from service.notebook.researcher import Researcher
from service.publication.pins import trust_of


def connect(
    url: str, keys: Path | str, *, vkey: Path | str, release_keys: Sequence[Path | str]
) -> Researcher:
    """The owner of a key folder at a service, with the public keys that governance handed out.

    Nothing is sent yet. Raises KeyFolderUnusable, ServiceUnreachable, ReleaseNotVerified, OSError.
    """
    with explained():
        trust = trust_of(Path(vkey), [Path(each) for each in release_keys])
        client = Client.from_folder(url, Path(keys), clock=utc_now, random=secrets.token_bytes)
        return Researcher(client, folder_key(Path(keys)), trust, utc_now, secrets.token_bytes)
