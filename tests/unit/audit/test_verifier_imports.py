from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
before = set(sys.modules)
import service.audit.verify
new = set(sys.modules) - before
print(*sorted(name for name in new if name.partition('.')[0] not in sys.stdlib_module_names))
"""
OURS = "archive bundle canonical checkpoint destruction entry release signature tree verify vocabulary"


def test_the_verifier_needs_the_standard_library_and_cryptography_only() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    packages = {name.partition(".")[0] for name in loaded}
    assert packages <= {"service", "cryptography", "_openssl", "_cffi_backend"}  # the last two are its own
    ours = {name for name in loaded if name.startswith("service.")}
    assert ours == {"service.audit", *(f"service.audit.{name}" for name in OURS.split())}
