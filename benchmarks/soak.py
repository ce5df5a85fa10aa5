"""`python -m benchmarks.soak [--minutes 5] [--seed 0]`: break everything at random under load -> soak.md.

The production stack under a supervisor, 10,000 ratings a minute, lists, and trainings meanwhile. Every few
seconds a part is killed outright, frozen or stopped. Afterwards nothing acknowledged may be missing and
nothing half-done may be left; the exit status is 1 if anything is.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.afterwards import files_left, temporary_files, violations
from benchmarks.breakable import BreakableShop, breakable_shop
from benchmarks.ledger import Load, load_on

PAGE = Path(__file__).with_suffix(".md")
# 10,000 come of it: while what is broken comes back, less is answered.
PER_MINUTE = 11_000
# Between two faults: often enough that some come while the last is still being got over.
CALM = (2.0, 7.0)
AWAY = (0.5, 4.0)
TAKEN_OFF_SALE = 40
TEXT = """# Everything broken under load

Written by `make soak`: PostgreSQL, Redis, gunicorn with two processes, worker, trainer and beat as deploy/
starts them, under a supervisor that starts again what dies; {per_minute:,} ratings a minute asked for, two in
five one by one and the others in lists of 20, and ten lists a second. A fault every {calm[0]:.0f} to
{calm[1]:.0f} seconds (seed {seed}), by `kill -9` unless it says otherwise.

| broken | times |
|---|---|
{broken}
| | |
|---|---|
{facts}
## What was wrong afterwards

{verdict}
Looked at: every acknowledged rating is stored once, with its last acknowledged value; the products' counts
and sums are those of their ratings; the log of changes ends with what is stored; no feedback version went
back or missed a change; the live model loads with a good signature; lists over HTTP are those of a fresh
process without Redis, with nothing settled or sold out in them; no process, no folder of a model without a
row, no draft and no temporary file is left; nothing was answered but what was asked for or 503.
"""


@dataclass
class Storm:
    """Breaks one part after the other. done: what was broken how often."""

    shop: BreakableShop
    random: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def rage(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        faults = self._faults()
        order: list[str] = []
        while time.monotonic() < end:
            # All in turn, shuffled anew each time, so that a short soak has every one of them, too.
            order = order or self.random.sample(sorted(faults), len(faults))
            name = order.pop()
            faults[name]()
            self.done[name] += 1
            time.sleep(self.random.uniform(*CALM))

    def _faults(self) -> dict[str, Callable[[], object]]:
        shop = self.shop
        parts = {f"{name}, killed": self._kill(name) for name in ("worker", "trainer", "beat", "redis")}
        return parts | {
            "web process, killed": lambda: self._kill_one(shop.web_workers()),
            "gunicorn's master, killed": self._kill("web"),
            "Redis, frozen": self._freeze_redis,
            "a PostgreSQL backend, killed": lambda: self._kill_one(shop.backends()),
            "PostgreSQL, stopped and started": self._restart_database,
            "products taken off sale": self._sell_out,
        }

    def _kill(self, name: str) -> Callable[[], object]:
        return lambda: self.shop.kill(name)

    def _kill_one(self, pids: list[int]) -> None:
        if pids:
            os.kill(self.random.choice(pids), signal.SIGKILL)

    def _freeze_redis(self) -> None:
        self.shop.kill("redis", signal.SIGSTOP)
        time.sleep(self.random.uniform(*AWAY))
        self.shop.kill("redis", signal.SIGCONT)

    def _restart_database(self) -> None:
        self.shop.stop_database(self.random.choice(["fast", "immediate"]))
        time.sleep(self.random.uniform(*AWAY))
        self.shop.start_database()

    def _sell_out(self) -> None:
        """Not a fault, but what lists have to follow whatever else happens."""
        for _ in range(50):
            try:
                self.shop.sql(
                    "UPDATE catalog_product SET stock = 0 WHERE id IN "
                    "(SELECT id FROM catalog_product WHERE stock > 0 ORDER BY random() LIMIT %s)",
                    TAKEN_OFF_SALE,
                )
                return
            except psycopg.Error:  # it has just been broken
                time.sleep(0.2)


@dataclass(frozen=True)
class Outcome:
    storm: Storm
    load: Load
    trained: Counter[str]
    wrong: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--per-minute", type=int, default=PER_MINUTE, help="ratings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    outcome = soak(options.minutes, per_minute=options.per_minute, seed=options.seed)
    options.page.write_text(page(outcome, per_minute=options.per_minute, seed=options.seed))
    print(options.page.read_text())
    return 1 if outcome.wrong else 0


def soak(minutes: float, *, per_minute: int, seed: int) -> Outcome:
    """The storm, the calm after it, and what was wrong then."""
    with breakable_shop(RETRAIN_AFTER_RATINGS="3000") as shop:
        before = _trained(shop)
        storm = Storm(shop, random.Random(seed))
        with load_on(shop, per_minute=per_minute) as load:
            storm.rage(60 * minutes)
            time.sleep(5)  # the last fault is got over under load, too
        trained = _trained(shop) - before
        wrong = [*violations(shop, load), *files_left(shop)]
        if not trained["published"] + trained["rejected"]:
            wrong.append("no training came to its end")
        shop.stop()
        wrong += [f"left running: {line}" for line in shop.left_over().values()]
        wrong += temporary_files(shop.folder)
        if wrong:
            print(f"The logs are in {_keep_logs(shop.folder)}", file=sys.stderr)
    return Outcome(storm, load, trained, wrong)


def _keep_logs(folder: Path) -> Path:
    """What the processes said, where it outlives the shop; where that is."""
    kept = Path(tempfile.mkdtemp(prefix="shopreco-soak-logs-"))
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    return kept


def _trained(shop: BreakableShop) -> Counter[str]:
    """How many trainings ended how; made-up ratings need not make a model that the gate lets through."""
    rows = shop.sql("SELECT status, count(*) FROM recommendations_trainingrun GROUP BY status")
    return Counter({str(status): int(str(count)) for status, count in rows})


def page(outcome: Outcome, *, per_minute: int, seed: int) -> str:
    """The table, in Markdown."""
    load, reader = outcome.load, outcome.load.reader.watch
    errors = load.kinds() + reader.kinds
    failed = [(kind, count) for kind, count in sorted(errors.items()) if kind[0] != "2"]
    rows = [
        ("minutes under load", f"{load.seconds / 60:.1f}"),
        ("ratings acknowledged", f"{load.ratings:,} ({60 * load.ratings / load.seconds:,.0f} a minute)"),
        ("lists answered", f"{reader.kinds['200']:,}"),
        *((f"trainings {status}", f"{count}") for status, count in sorted(outcome.trained.items())),
        ("longest time a rating had to be sent again and again", f"{load.longest_outage:.1f} s"),
        ("longest time without a list", f"{reader.longest_outage:.1f} s"),
        *((f"answered {_words(kind)}", f"{count:,}") for kind, count in failed),
    ]
    broken = "".join(f"| {name} | {count} |\n" for name, count in sorted(outcome.storm.done.items()))
    facts = "".join(f"| {name} | {value} |\n" for name, value in rows)
    verdict = "".join(f"- {each}\n" for each in outcome.wrong) or "Nothing was.\n"
    return TEXT.format(
        per_minute=per_minute, calm=CALM, seed=seed, broken=broken, facts=facts, verdict=verdict
    )


def _words(kind: str) -> str:
    return kind if kind.isdigit() else f"by nothing ({kind})"


if __name__ == "__main__":
    sys.exit(main())
