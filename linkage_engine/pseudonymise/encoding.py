"""What all tokens of a project are made with: its secret and epoch, and the profile that its permit names."""

from __future__ import annotations

from dataclasses import dataclass

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.pseudonymise.secret import LinkageSecret, derived_key


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to encode; tokens of two encodings that differ in anything never meet."""

    secret: LinkageSecret
    project_id: str
    epoch: int
    profile: LinkageProfile = LinkageProfile.TOKENS

    def key(self, size: int, *label: str) -> bytes:
        """The key of a label; `size` in bytes.

        Labels of the default profile stand alone, those of another begin with its name: no first word of the
        one is a name of the other.
        """
        named = () if self.profile is LinkageProfile.TOKENS else (self.profile.value,)
        return derived_key(
            self.secret, project_id=self.project_id, epoch=self.epoch, label=(*named, *label), size=size
        )
