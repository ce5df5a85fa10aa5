"""Shoppers who rate without pause and keep a ledger of what was acknowledged, and somebody who reads lists.

A request without an answer may have been carried out or not; rating is idempotent, so it is sent again until
it is answered. Every shopper belongs to one thread, so that the last acknowledged value is known.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:  # which asks by what is here
    from benchmarks.breakable import BreakableShop

# Longer than the shop waits for anything: whoever gives up knows that it is over there, too.
TIMEOUT = 30.0
PAUSE = 0.1
BATCH = 20
# The share of ratings that come one by one, as from pages; the rest comes in lists.
SINGLES = 0.4
Pair = tuple[str, str]


@dataclass(frozen=True)
class Said:
    """The answer; status 0 and the kind of failure as the body when there was none."""

    status: int
    body: bytes

    @property
    def kind(self) -> str:
        return str(self.status) if self.status else self.body.decode()


def ask(
    port: int, headers: dict[str, str], method: str, path: str, body: Any = None, *, timeout: float = TIMEOUT
) -> Said:
    """One request on a connection of its own; a failure of the connection is an answer, too."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return Said(response.status, response.read())
    except (OSError, http.client.HTTPException) as error:
        return Said(0, type(error).__name__.encode())
    finally:
        connection.close()


@dataclass
class Ledger:
    """What was acknowledged. unknown: values sent without an answer since."""

    acknowledged: dict[Pair, int] = field(default_factory=dict)
    unknown: dict[Pair, set[int]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    """Shopper -> how many acknowledged requests changed something."""
    ratings: int = 0

    def sent(self, pairs: dict[Pair, int]) -> None:
        for pair, value in pairs.items():
            self.unknown.setdefault(pair, set()).add(value)

    def answered(self, pairs: dict[Pair, int]) -> None:
        self.ratings += len(pairs)
        (shopper,) = {shopper for shopper, _ in pairs}
        if any(self.acknowledged.get(pair) != value for pair, value in pairs.items()):
            self.requests[shopper] += 1
        for pair, value in pairs.items():
            self.acknowledged[pair] = value
            self.unknown.pop(pair, None)

    def allowed(self, pair: Pair) -> set[int | None]:
        return {self.acknowledged.get(pair), *self.unknown.get(pair, ())}


@dataclass
class Watch:
    """Answers by kind, and the longest time without a good one."""

    kinds: Counter[str] = field(default_factory=Counter)
    longest_outage: float = 0.0
    _good_at: float = field(default_factory=time.monotonic)

    def note(self, said: Said) -> bool:
        """Whether the answer was good."""
        self.kinds[said.kind] += 1
        is_good = 200 <= said.status < 300
        if is_good:
            now = time.monotonic()
            self.longest_outage = max(self.longest_outage, now - self._good_at)
            self._good_at = now
        return is_good


class Rater(threading.Thread):
    """Rates for shoppers of its own at a steady pace; behind time it hurries, but never sends two at once."""

    def __init__(
        self, shop: BreakableShop, skus: list[str], *, prefix: str, number: int, per_second: float
    ) -> None:
        super().__init__(name=f"rater-{number}", daemon=True)
        self.shop, self.skus, self.pace = shop, skus, per_second
        self.shoppers = [f"{prefix}{number}-{each}" for each in range(40)]
        self.random = random.Random(number)
        self.ledger, self.watch = Ledger(), Watch()
        self.over = threading.Event()

    def run(self) -> None:
        due = time.monotonic()
        while not self.over.is_set():
            count = 1 if self.random.random() < _share_of_single_requests() else BATCH
            self._rate_until_answered(self._some(count))
            due = max(due + count / self.pace, time.monotonic() - 1)
            self.over.wait(max(0.0, due - time.monotonic()))

    def _some(self, count: int) -> dict[Pair, int]:
        shopper = self.random.choice(self.shoppers)
        skus = self.random.sample(self.skus, count)
        return {(shopper, sku): self.random.randint(1, 5) for sku in skus}

    def _rate_until_answered(self, pairs: dict[Pair, int]) -> None:
        self.ledger.sent(pairs)
        # After the end a minute is left to learn what became of the last ones.
        last = None
        while True:
            if self.watch.note(self._send(pairs)):
                self.ledger.answered(pairs)
                return
            if self.over.is_set():
                last = last or time.monotonic() + 60
                if time.monotonic() > last:
                    return
            time.sleep(PAUSE)

    def _send(self, pairs: dict[Pair, int]) -> Said:
        if len(pairs) == 1:
            (((shopper, sku), value),) = pairs.items()
            path = f"/api/v1/shoppers/{shopper}/ratings/{sku}"
            return ask(self.shop.port, self.shop.headers, "PUT", path, {"value": value})
        rows = [
            {"shopper": shopper, "product": sku, "value": value} for (shopper, sku), value in pairs.items()
        ]
        said = ask(self.shop.port, self.shop.headers, "POST", "/api/v1/ratings", rows)
        return said if said.status != 207 else Said(0, b"207: a row was refused")


def _share_of_single_requests() -> float:
    """Of requests, so that SINGLES of the ratings come one by one."""
    return SINGLES / (SINGLES + (1 - SINGLES) / BATCH)


class Reader(threading.Thread):
    """Reads lists of the raters' shoppers at a steady pace."""

    def __init__(self, shop: BreakableShop, shoppers: list[str], *, per_second: float) -> None:
        super().__init__(name="reader", daemon=True)
        self.shop, self.shoppers, self.pause = shop, shoppers, 1 / per_second
        self.watch, self.over = Watch(), threading.Event()

    def run(self) -> None:
        chance = random.Random(0)
        while not self.over.wait(self.pause):
            path = f"/api/v1/shoppers/{chance.choice(self.shoppers)}/recommendations?limit=20"
            self.watch.note(ask(self.shop.port, self.shop.headers, "GET", path))


class VersionWatch(threading.Thread):
    """Looks whether any shopper's feedback_version ever goes back."""

    def __init__(self, shop: BreakableShop) -> None:
        super().__init__(name="versions", daemon=True)
        self.shop, self.over = shop, threading.Event()
        self.seen: dict[object, int] = {}
        self.went_back: list[str] = []

    def run(self) -> None:
        while not self.over.wait(1.0):
            # The database is down at times: that is what it is about.
            with contextlib.suppress(psycopg.Error):
                self.look()

    def look(self) -> None:
        for shopper, number in self.shop.sql("SELECT external_id, feedback_version FROM feedback_shopper"):
            version = int(str(number))
            if version < self.seen.get(shopper, 0):
                self.went_back.append(f"{shopper}: {self.seen[shopper]} -> {version}")
            self.seen[shopper] = version


@dataclass
class Load:
    """All who use the shop at a time. prefix: what the ids of the shoppers who rate begin with."""

    prefix: str
    raters: list[Rater]
    reader: Reader
    versions: VersionWatch
    seconds: float = 0.0

    @property
    def ratings(self) -> int:
        return sum(rater.ledger.ratings for rater in self.raters)

    def kinds(self) -> Counter[str]:
        return sum((rater.watch.kinds for rater in self.raters), Counter())

    @property
    def longest_outage(self) -> float:
        """Of rating: of the thread that had to wait longest."""
        return max(rater.watch.longest_outage for rater in self.raters)


@contextmanager
def load_on(shop: BreakableShop, *, per_minute: int, threads: int = 6, lists: float = 10) -> Iterator[Load]:
    """Ratings, so many a minute, and so many lists a second, until the end of the block."""
    skus = [str(sku) for (sku,) in shop.sql("SELECT sku FROM catalog_product ORDER BY id LIMIT 400")]
    pace = per_minute / 60 / threads
    prefix = f"soak-{secrets.token_hex(3)}-"
    raters = [Rater(shop, skus, prefix=prefix, number=number, per_second=pace) for number in range(threads)]
    reader = Reader(shop, [name for rater in raters for name in rater.shoppers], per_second=lists)
    load = Load(prefix, raters, reader, VersionWatch(shop))
    everyone: list[Rater | Reader | VersionWatch] = [*raters, reader, load.versions]
    started = time.monotonic()
    for thread in everyone:
        thread.start()
    try:
        yield load
    finally:
        load.seconds = time.monotonic() - started
        for thread in everyone:
            thread.over.set()
        for thread in everyone:
            thread.join(timeout=120)
