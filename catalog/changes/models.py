"""The number that goes up with every change that lists depend on, kept by triggers of the database itself."""

from __future__ import annotations

from django.db import models


class ShopState(models.Model):
    """One row. Whatever writes products, rules, keys or models, through Django or not, moves `version` on.

    On PostgreSQL this is done at the commit, when a transaction has all its other locks: whoever changes the
    shop waits for the others only for that moment and never crosswise, and versions become visible in order.
    """

    version = models.BigIntegerField(default=0)
    # Another one after a backup was restored: numbers may come again, what they stood for does not.
    epoch = models.CharField(max_length=32)
    changed_by = models.BigIntegerField(default=0, help_text="The transaction that moved it on last.")

    def __str__(self) -> str:
        return f"{self.epoch}:{self.version}"


class ProductChange(models.Model):
    """The version at which a product changed last; product 0 stands for the whole catalogue."""

    product_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.product_id} at {self.version}"
