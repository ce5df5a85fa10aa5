"""All that `make bench` measures, one after the other: `python -m benchmarks [--only NAME ...] [--rounds N]`.

What fails is told at the end and stops nothing; `--only` takes it up again.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time

from benchmarks.stack import PROJECT

# Name -> module. Each writes tables of its own; what is not there is left out.
SUITES = {
    "serving": "benchmarks.serving",
    "servers": "benchmarks.servers",
    "feedback": "benchmarks.feedback_to_list",
    "retraining": "benchmarks.retraining",
    "products": "benchmarks.many_products",
}
WITH_ROUNDS = {"serving", "servers"}
"""What takes --rounds as pairs of runs."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SUITES, metavar="NAME", help=", ".join(SUITES))
    parser.add_argument("--rounds", type=int, help="pairs of runs, where there are pairs")
    asked = parser.parse_args()
    failed = []
    for name in asked.only or SUITES:
        module = SUITES[name]
        if importlib.util.find_spec(module) is None:
            continue
        rounds = ["--rounds", str(asked.rounds)] if asked.rounds and name in WITH_ROUNDS else []
        began = time.monotonic()
        print(f"== {name}: python -m {' '.join([module, *rounds])}", flush=True)
        done = subprocess.run([sys.executable, "-m", module, *rounds], cwd=PROJECT, check=False)
        print(f"== {name}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"Not measured: {', '.join(failed)}. Again: make bench ONLY={failed[0]!r}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
