"""`make audit`: has anything that is pinned here a known weakness?

Asks pip-audit, which asks the public advisory service; AUDIT_OSV_URL names another one that speaks OSV.
Where none can be reached the audit is skipped, in one line and within the deadline: a build without a way out
is no reason to fail, and no reason to seem audited.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
PINNED = ("requirements.txt", "requirements-dev.txt")
# Weaknesses that do not concern this project: advisory -> why.
ACCEPTED: dict[str, str] = {}
DEADLINE, SOCKET = 90.0, 5


class UnreachableError(Exception):
    """Nobody could be asked; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 1 for a known weakness, 0 when there is none or nobody can be asked."""
    parser = argparse.ArgumentParser(description="Look for known weaknesses of what is pinned.")
    parser.add_argument("files", nargs="*", type=Path, default=[PROJECT / name for name in PINNED])
    parser.add_argument("--deadline", type=float, default=DEADLINE, help="seconds; then it is skipped")
    options = parser.parse_args(arguments)
    try:
        packages = ask(options.files, deadline=options.deadline)
    except UnreachableError as reason:
        sys.stdout.write(f"Audit skipped: no advisory service can be reached ({reason}).\n")
        return 0
    return tell(packages)


def ask(files: Sequence[Path], *, deadline: float) -> list[dict[str, Any]]:
    """What pip-audit says of every pinned package. Raises UnreachableError."""
    command = [
        sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json", "--desc", "off",
        "--progress-spinner", "off", "--timeout", str(SOCKET),
        *(word for path in files for word in ("--requirement", str(path))),
        *(word for advisory in ACCEPTED for word in ("--ignore-vuln", advisory)),
    ]  # fmt: skip
    if url := os.environ.get("AUDIT_OSV_URL"):
        command += ["--vulnerability-service", "osv", "--osv-url", url]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=deadline)  # noqa: S603 - our words
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"no answer within {deadline:g} seconds") from None
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        raise UnreachableError(last.partition(":")[0]) from None
    # A package index that is no advisory service knows none of them: that is no clean bill.
    if packages and all("skip_reason" in each for each in packages):
        raise UnreachableError("whoever answers knows none of the packages")
    return packages


def tell(packages: list[dict[str, Any]]) -> int:
    """Write down what was found; the exit status."""
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    weak = [(each, vuln) for each in packages for vuln in each.get("vulns", [])]
    for each, vuln in weak:
        fixed = ", ".join(vuln["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{each['name']} {each['version']}: {vuln['id']}, fixed in {fixed}\n")
    if unknown:
        sys.stdout.write(f"Not known to the advisory service: {', '.join(unknown)}\n")
    looked = len(packages) - len(unknown)
    sys.stdout.write(f"Audit: {looked} pinned packages, {len(weak)} known weakness(es).\n")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
