"""What an identifier part was made with, as the linkage worker keeps it: unlike parts are never linked."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.profiles import LinkageProfile, served_profile
from linkage_engine.contract.refusals import CannotLink, RefusalCode

PROFILE, SECRET = b"linkage_profile", b"linkage_secret"


def marked(tokens: pa.Table, manifest: Manifest) -> pa.Table:
    """The part with what its manifest says of it: profile, epoch and key check."""
    about = {
        PROFILE: manifest.linkage_profile.encode(),
        SECRET: f"{manifest.secret_epoch} {manifest.key_check}".encode(),
    }
    return tokens.replace_schema_metadata(about)


def one_profile(parts: Iterable[pa.Table]) -> LinkageProfile:
    """The profile that all parts were made with; raises CannotLink where they differ or do not say.

    linkage-profile-differs: another profile; key-check-differs: another project linkage secret.
    """
    marks = [part.schema.metadata or {} for part in parts]
    profiles, made_with = ({mark.get(name) for mark in marks} for name in (PROFILE, SECRET))
    if len(profiles) != 1 or None in profiles:
        raise CannotLink(RefusalCode.LINKAGE_PROFILE_DIFFERS, profiles=len(profiles))
    if len(made_with) != 1 or None in made_with:
        raise CannotLink(RefusalCode.KEY_CHECK_DIFFERS, secrets=len(made_with))
    (profile,) = profiles
    return served_profile((profile or b"").decode())
