"""Run as a program of its own on a fresh database: many shoppers do the same at once. Prints JSON.

Every thread has a connection of its own, as every web worker has; the database alone keeps them apart.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import django

django.setup()

from django.contrib.auth.models import AnonymousUser  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.utils import IntegrityError  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402

from catalog.models import Order, OrderLine, Product  # noqa: E402
from catalog.orders import Buyer, ShortageError, place_order, submit_key  # noqa: E402
from catalog.signals import order_placed  # noqa: E402
from feedback import outbox  # noqa: E402
from feedback.erasing import forget  # noqa: E402
from feedback.gestures import wish  # noqa: E402
from feedback.identity import merge_shopper  # noqa: E402
from feedback.models import (  # noqa: E402
    Event,
    OrderToRecord,
    OutboxEntry,
    Rating,
    RatingChange,
    Shopper,
)
from feedback.services import NewRating, rate, rate_many, unrate  # noqa: E402
from feedback.tasks import catch_up  # noqa: E402
from shopreco.models import ApiKey  # noqa: E402

BUYER = Buyer("Anna", "anna@example.org", "Long Lane 1", "AB1", "Leeds", "UK")


def request() -> Any:
    made = RequestFactory().get("/")
    made.user, made.session = AnonymousUser(), SessionStore()
    return made


def at_once(*deeds: Callable[[], Any]) -> Counter[str]:
    """Start all together; how often each outcome came, by its text or the name of what was raised."""
    connection.close()  # the pool has eight; no more than six are wanted at once
    start = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> str:
        try:
            connection.ensure_connection()
            start.wait(timeout=300)
            return str(deed())
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return Counter(pool.map(do, deeds))


def product(stock: int = 100) -> Product:
    number = Product.objects.count()
    return Product.objects.create(sku=f"P-{number}", title=f"Product {number}", price=10, stock=stock)


def order(quantities: dict[int, int], key: str) -> str:
    total = 10 * sum(quantities.values())
    placed = place_order(
        request(), quantities=quantities, buyer=BUYER, seen_total=total, key=submit_key("x", key),  # type: ignore[arg-type]
        now=timezone.now(),
    )  # fmt: skip
    return placed.number


def last_pieces() -> dict[str, Any]:
    lamp = product(stock=3)
    came = at_once(*[lambda n=n: order({lamp.pk: 1}, f"last-{n}") and "ordered" for n in range(6)])
    lamp.refresh_from_db()
    return {"came": came, "stock": lamp.stock, "lines": OrderLine.objects.filter(product=lamp).count()}


def double_submit() -> dict[str, Any]:
    lamp = product(stock=50)
    came = at_once(*[lambda: order({lamp.pk: 2}, "twice") for _ in range(6)])
    lamp.refresh_from_db()
    return {
        "numbers": len(came),
        "orders": Order.objects.filter(lines__product=lamp).count(),
        "stock": lamp.stock,
    }


def crossing_orders() -> dict[str, Any]:
    """Half of the baskets name the products in the other order: whoever locks as asked deadlocks here."""
    one, other = product(), product()
    there, back = {one.pk: 1, other.pk: 1}, {other.pk: 1, one.pk: 1}
    came = at_once(
        *[lambda n=n: order(there if n % 2 else back, f"cross-{n}") and "ordered" for n in range(6)]
    )
    return {"came": came, "stock": list(Product.objects.filter(pk__in=there).values_list("stock", flat=True))}


def one_wish() -> dict[str, Any]:
    ann, lamp = Shopper.objects.create(external_id="wisher"), product()
    came = at_once(*[lambda: wish(ann, lamp, now=timezone.now()) for _ in range(6)])
    return {"written": came["True"], "events": Event.objects.filter(shopper=ann).count(), "came": came}


def forgotten_while_rating() -> dict[str, Any]:
    lamp, left, raised = product(), 0, Counter[str]()
    for number in range(8):
        ann = Shopper.objects.create(external_id=f"forgotten-{number}")
        rate(shopper=ann, product=lamp, value=5, now=timezone.now())
        raised += at_once(
            lambda ann=ann: forget(Shopper.objects.filter(pk=ann.pk), now=timezone.now()),  # type: ignore[misc]
            lambda ann=ann: rate(shopper=ann, product=lamp, value=1, now=timezone.now()) and "rated",  # type: ignore[misc]
        )
        left += Shopper.objects.filter(pk=ann.pk).count() + Rating.objects.filter(shopper_id=ann.pk).count()
    lamp.refresh_from_db()
    return {"left": left, "counted": [lamp.rating_count, lamp.rating_total], "raised": raised}


def program() -> Callable[[Shopper, Product, int], int]:
    """Rates over the API with a key, by the express lane; the status."""
    secret = ApiKey.issue("program")[1]
    client = Client(headers={"host": "localhost", "Authorization": f"Api-Key {secret}"})

    def put(shopper: Shopper, product: Product, value: int) -> int:
        path = f"/api/v1/shoppers/{shopper.external_id}/ratings/{product.sku}"
        return client.put(path, {"value": value}, content_type="application/json").status_code

    return put


def counted(*products: Product) -> bool:
    """Whether the products' counts are those of the ratings there are."""
    return all(
        (each.rating_count, each.rating_total) == (len(values), sum(values))
        for each in Product.objects.filter(pk__in=[product.pk for product in products])
        for values in [list(Rating.objects.filter(product=each).values_list("value", flat=True))]
    )


def one_product_rated_at_once() -> dict[str, Any]:
    """By one shopper with other stars each time, and then with the same."""
    put, ann, lamp = program(), Shopper.objects.create(external_id="hasty"), product()
    came = at_once(*[lambda value=value: put(ann, lamp, value) for value in (1, 2, 3, 4, 5, 1)])
    lamp.refresh_from_db()
    ann.refresh_from_db()
    changes = RatingChange.objects.filter(shopper=ann).count()
    same = at_once(*[lambda: put(ann, lamp, 3) for _ in range(6)])
    return {
        "came": came, "same": same, "stored": Rating.objects.filter(shopper=ann).count(),
        "count": lamp.rating_count, "counted": counted(lamp), "is_each_told": ann.feedback_version == changes,
        "further": RatingChange.objects.filter(shopper=ann).count() - changes,
    }  # fmt: skip


def rated_in_every_way_at_once() -> dict[str, Any]:
    """Over the express lane, singly, in crossing lists, and taken back: nothing is lost or counted twice."""
    put, now = program(), timezone.now()
    ann, bob = (Shopper.objects.create(external_id=name) for name in ("ann-of-all-ways", "bob-of-all-ways"))
    lamp, vase = product(), product()

    def in_a_list(*pairs: tuple[Shopper, Product]) -> str:
        return str(len(rate_many([NewRating(*pair, 2, timezone.now()) for pair in pairs], now=now)))

    came: Counter[str] = Counter()
    for _ in range(5):
        came += at_once(
            lambda: put(ann, lamp, 5), lambda: put(bob, lamp, 4),
            lambda: rate(shopper=ann, product=lamp, value=1, now=timezone.now()) and "rated",
            lambda: str(unrate(shopper=ann, product=lamp, now=timezone.now())),
            lambda: in_a_list((ann, lamp), (bob, vase)), lambda: in_a_list((bob, lamp), (ann, vase)),
        )  # fmt: skip
    # Taking back what is not there moves the version on, too.
    spare = {ann.pk: came["False"]}
    told = [
        shopper.feedback_version - spare.get(shopper.pk, 0)
        == RatingChange.objects.filter(shopper=shopper).count()
        for shopper in Shopper.objects.filter(pk__in=[ann.pk, bob.pk])
    ]
    return {"came": came, "counted": counted(lamp, vase), "is_each_told": told}


def merged_twice() -> dict[str, Any]:
    lamp = product()
    visitor, account = (Shopper.objects.create(external_id=name) for name in ("guest", "member"))
    rate(shopper=visitor, product=lamp, value=4, now=timezone.now())
    wish(visitor, lamp, now=timezone.now())
    came = at_once(
        *[lambda: merge_shopper(source=visitor, target=account, now=timezone.now()) for _ in range(2)]
    )
    lamp.refresh_from_db()
    mine = [Rating.objects.filter(shopper=account).count(), Event.objects.filter(shopper=account).count()]
    return {"mine": mine, "counted": [lamp.rating_count, lamp.rating_total], "came": came}


def beats_at_once() -> dict[str, Any]:
    """Three beats come round at once for what processes left behind that died right after a commit."""
    lamp, done = product(), list[int]()
    outbox.handles("tally")(lambda payload: done.append(payload["number"]))
    order_placed.disconnect(dispatch_uid="record_purchases")
    for number in range(5):
        order({lamp.pk: 1}, f"left-behind-{number}")
        OutboxEntry.objects.create(kind="tally", payload={"number": number}, created_at=timezone.now())
    Order.objects.update(placed_at=timezone.now() - timedelta(minutes=5))
    came = at_once(*[lambda: catch_up.run() for _ in range(3)])
    return {
        "came": came,
        "noted": [OrderToRecord.objects.count(), OutboxEntry.objects.filter(kind="tally").count()],
        "purchases": Event.objects.filter(product=lamp, kind="purchase").count(),
        "done": sorted(done),
    }


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    scenes = (
        last_pieces,
        double_submit,
        crossing_orders,
        one_wish,
        forgotten_while_rating,
        one_product_rated_at_once,
        rated_in_every_way_at_once,
        merged_twice,
        beats_at_once,
    )
    json.dump({scene.__name__: scene() for scene in scenes}, sys.stdout)
    assert ShortageError.__name__ and IntegrityError.__name__  # the names the test looks for
