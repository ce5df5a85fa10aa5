"""`python -m tests.on_postgresql [pytest's arguments]`: the suite on a PostgreSQL of its own.

Without the tests that bring their own database (flows, and backups, which are made of PostgreSQL there, too),
those of the browser, which are about pages, and those that use none: they passed on SQLite.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.flows.postgres import programs, running_postgres


def main(arguments: list[str]) -> int:
    bin_dir = programs()
    if bin_dir is None:
        print("There is no PostgreSQL: apt-get install postgresql", file=sys.stderr)
        return 1
    with running_postgres(bin_dir) as url:
        command = [
            sys.executable, "-m", "pytest", "-n", "auto", "--dist", "loadfile",
            "--ignore=tests/flows", "--ignore=tests/browser", "--ignore=tests/engine",
            "--ignore=tests/test_backup.py", "--ignore-glob=tests/test_benchmark_*.py", *arguments,
        ]  # fmt: skip
        environment = os.environ | {"DATABASE_URL": url, "ONLY_WITH_DATABASE": "1"}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
