"""The base of every value that crosses a door, and the shapes of its identifiers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
"""A chosen name: project, principal, policy profile."""
RandomId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{32,36}$")]
"""A made-up identifier: 32 hexadecimal digits, or a UUID with its hyphens."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""
KeyCheck = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""Tells a project linkage secret apart from any other and says nothing of it."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A column, data set, dimension or measure of the catalogue."""
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{2,4096}$")]
"""Octets as browsers write them (RFC 4648 §5, without padding)."""
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""Words for people; never from a record."""


class Value(BaseModel):
    """A frozen value that refuses unknown fields and never repeats its input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def to_json(self) -> str:
        """The value as JSON text, fields in the order of the class."""
        return self.model_dump_json()
