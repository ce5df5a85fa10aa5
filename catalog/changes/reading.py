"""The shop's version, and which products changed since another one."""

from __future__ import annotations

from typing import NamedTuple

from catalog.changes.models import ProductChange, ShopState

EVERYTHING = 0


class Stamp(NamedTuple):
    """Names one state of everything lists depend on besides a shopper's own feedback."""

    epoch: str = ""
    version: int = 0


def stamp() -> Stamp:
    """The shop's state now. One query."""
    found = ShopState.objects.filter(pk=1).values_list("epoch", "version").first()
    return Stamp(*found) if found else Stamp()


def changed_products(*, since: int, most: int) -> list[int] | None:
    """Ids of the products that changed after a version; None when it was the whole catalogue or too many."""
    changes = ProductChange.objects.filter(version__gt=since).order_by("product_id")
    found = list(changes.values_list("product_id", flat=True)[: most + 1])
    return None if len(found) > most or (found and found[0] == EVERYTHING) else found


def new_epoch(epoch: str) -> None:
    """Whatever was kept under the numbers so far is of another time, as after a restored backup."""
    ShopState.objects.filter(pk=1).update(epoch=epoch, changed_by=0)
