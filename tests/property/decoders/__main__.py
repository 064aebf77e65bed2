"""`make fuzz`: every decoder in turn, each in a process of its own, led by coverage (atheris, libFuzzer).

Findings lie in build/fuzz/<decoder>/, named crash-, oom- or timeout-; a run without any ends with 0.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["service", "linkage_engine"]):
    from tests.property.decoders.decoders import DECODERS, Decoder

MODULE = "tests.property.decoders"
MEMORY_MEBIBYTES = 2048
INPUT_BYTES = 1 << 16


def _fuzz(decoder: Decoder, seconds: int, folder: Path) -> None:
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(decoder.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        with contextlib.suppress(*decoder.refusals):
            decoder.read(data)

    limits = (
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={MEMORY_MEBIBYTES}",
        f"-max_len={INPUT_BYTES}",
        "-timeout=10",
        "-verbosity=0",
        f"-artifact_prefix={folder}/",
    )
    atheris.Setup([sys.argv[0], *limits, str(corpus)], one)
    atheris.Fuzz()


def main(seconds: str, out: str, *names: str) -> int:
    """Fuzz the decoders named, or all; one alone in this process, several each in another."""
    chosen = [decoder for decoder in DECODERS if not names or decoder.name in names]
    if len(chosen) == 1:
        _fuzz(chosen[0], int(seconds), Path(out) / chosen[0].name.replace(" ", "-").replace(",", ""))
        return 0
    failed = []
    for decoder in chosen:
        command = [sys.executable, "-m", MODULE, seconds, out, decoder.name]
        if subprocess.run(command, check=False).returncode:
            failed.append(decoder.name)
    sys.stdout.write(f"fuzz: {len(chosen)} decoders, findings in {', '.join(failed) or 'none'}\n")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
