"""What a worker wrote down itself, in its own folder, because the database is not its to believe."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.value import Value
from service.worker.files import replace_bytes

N = TypeVar("N", bound=Value)


def read_note(path: Path, form: type[N]) -> N | None:
    """The note, or nothing where none was made; NotTrusted(VAULT_DAMAGED) for one that cannot be read."""
    try:
        return form.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise NotTrusted(RefusalCode.VAULT_DAMAGED) from None


def write_note(path: Path, note: Value) -> None:
    """Put the note in place of the one before; NotTrusted(VAULT_FULL) where there is no room."""
    try:
        replace_bytes(path, note.to_json().encode())
    except OSError:
        raise NotTrusted(RefusalCode.VAULT_FULL) from None
