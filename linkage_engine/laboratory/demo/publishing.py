"""The demo's last word: what was released becomes public, without the service."""

from __future__ import annotations

import json
import shutil

from linkage_engine.laboratory.demo.path import Demo

PUBLISHER = {
    "title": "Public register of a trusted research environment",
    "name": "The demo",
    "contact": "nobody@example.org",
    "address": "https://results.example.org/",
}


def publish(demo: Demo) -> None:
    """A site of the signed permit, the packages and the exported log alone; then its crates, one by one."""
    given, site = demo.out / "given", demo.out / "site"
    for name in ("permits", "releases"):
        (given / name).mkdir(parents=True)
    (given / "publisher.json").write_text(json.dumps(PUBLISHER, indent=2) + "\n")
    shutil.copy(demo.out / "permit.jws", given / "permits")
    shutil.copy(demo.out / "log-bundle.zip", given)
    for template in demo.facts["queries"]:
        shutil.copy(demo.release(template).with_suffix(".zip"), given / "releases")
    governance = demo.out / "governance-key.jwk"
    pins = json.loads((demo.home / "pins.json").read_text())
    governance.write_text(json.dumps(pins["governance_key"]) + "\n")
    pinned = ("--vkey", demo.out / "log.vkey", "--release-key", demo.out / "release-key.jwk")
    demo.journal.run("tre-publish", "site", given, *pinned, "--governance-key", governance, "--out", site)
    demo.facts["crates"] = [
        demo.journal.run("tre-publish", "check-crate", crate, *pinned)
        for crate in sorted(site.glob("releases/*/crate.zip"))
    ]
