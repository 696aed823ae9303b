"""`make audit`: asks the advisory databases about every locked dependency.

Fails on a known vulnerability that docs/accepted-advisories.txt does not accept until a later day. Where no
database can be reached, or one does not know a package, it says so loudly and does not fail.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.house.reading import ROOT

UV = str(ROOT / ".venv" / "bin" / "uv")
ACCEPTED = ROOT / "docs" / "accepted-advisories.txt"
PIP_AUDIT = "pip-audit==2.10.1"


def accepted(text: str, today: dt.date) -> set[str]:
    """The advisories that are accepted today: lines of `ID YYYY-MM-DD why`, the day being the last."""
    lines = [line.split(maxsplit=2) for line in text.splitlines() if line and line[0] != "#"]
    return {advisory for advisory, until, _ in lines if dt.date.fromisoformat(until) >= today}


def judge(dependencies: list[dict[str, Any]], allowed: set[str]) -> tuple[list[str], list[str]]:
    """What is vulnerable, and what nobody could tell about."""
    vulnerable = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {found['fix_versions']}"
        for package in dependencies
        for found in package.get("vulns", [])
        if allowed.isdisjoint({found["id"], *found.get("aliases", [])})
    ]
    untold = [package["name"] for package in dependencies if "skip_reason" in package]
    return vulnerable, untold


def asked(service: str, requirements: Path) -> list[dict[str, Any]] | None:
    """What one database says; None where it cannot be reached."""
    command = [UV, "run", "-q", "--no-project", "--with", PIP_AUDIT, "pip-audit", "-f", "json"]
    options = ["--disable-pip", "--no-deps", "--require-hashes", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, *options, "--timeout", "15", "-s", service, "-r", str(requirements)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return None
    return told


def main() -> int:
    """Ask PyPI, then OSV where PyPI could not tell about everything."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        export = [UV, "export", "-q", "--frozen", "--no-header", "--format", "requirements-txt"]
        subprocess.run(
            [*export, "-o", str(requirements)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        allowed = accepted(ACCEPTED.read_text(), dt.datetime.now(dt.UTC).date())
        told = False
        for service in ("pypi", "osv"):
            answer = asked(service, requirements)
            if answer is None:
                continue
            vulnerable, untold = judge(answer, allowed)
            if vulnerable:
                sys.stderr.write("VULNERABLE:\n  " + "\n  ".join(vulnerable) + "\n")
                return 1
            if told := not untold:
                sys.stderr.write(f"{service}: no known vulnerability in {len(answer)} packages.\n")
                break
        if not told:
            sys.stderr.write(
                "NOT AUDITED: neither PyPI nor OSV could tell about every locked package from here.\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
