"""What shoppers did: ratings, events, and the log of rating changes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import Order, Product

MIN_RATING, MAX_RATING = 1, 5


def new_idempotency_key() -> str:
    return uuid.uuid4().hex


class Shopper(models.Model):
    """Someone with a history. Known by an external id; an account and a name are optional."""

    external_id = models.CharField("shopper id", max_length=100, unique=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="shopper"
    )
    is_anonymous = models.BooleanField(default=False, help_text="A browser session without an account.")
    consent = models.BooleanField(
        "personalised", default=True, help_text="When off, this shopper gets the lists everybody gets."
    )
    # Goes up with every change of the history; cached lists carry it in their key, so none is ever stale.
    feedback_version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(external_id=""), name="shopper_id_not_empty")]

    def __str__(self) -> str:
        return self.external_id


class Rating(models.Model):
    """One shopper's stars for one product; the last one given wins."""

    # Found by the indexes that begin with the shopper.
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="ratings", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="ratings")
    value = models.PositiveSmallIntegerField(choices=[(n, f"{n} of 5") for n in range(1, 6)])
    rated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shopper", "product"], name="rating_once_per_shopper_and_product"
            ),
            models.CheckConstraint(
                condition=Q(value__gte=MIN_RATING, value__lte=MAX_RATING), name="rating_value_1_to_5"
            ),
        ]
        indexes = [
            # A shopper's history, newest first.
            models.Index(fields=["shopper", "-rated_at"], name="rating_history"),
            # Everybody's newest ratings: the admin's list, and trending.
            models.Index(fields=["-rated_at"], name="rating_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.shopper} rated {self.product}: {self.value}"


class RatingChange(models.Model):
    """Append-only: every rating given, edited or taken back. What the next retraining waits for.

    Written in the rating's own transaction, so the count survives any crash that the rating survives.
    """

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    value = models.PositiveSmallIntegerField(null=True, help_text="Empty when the rating was taken back.")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.shopper}: {self.product} = {self.value}"


class Event(models.Model):
    """Something a shopper did with a product. Append-only."""

    class Kind(models.TextChoices):
        VIEW = "view"
        CLICK = "click"
        BASKET = "basket", "added to basket"
        PURCHASE = "purchase"
        WISHLIST = "wishlist", "added to wishlist"
        DISMISS = "dismiss", "not interested"
        UNBASKET = "unbasket", "taken out of basket"
        UNWISH = "unwish", "taken off wishlist"
        UNDISMISS = "undismiss", "interested after all"

    # Found by the index that begins with the shopper.
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="events", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    occurred_at = models.DateTimeField(default=timezone.now)
    quantity = models.PositiveIntegerField(default=1)
    order_ref = models.CharField(max_length=64, blank=True, help_text="Purchases of one order share it.")
    idempotency_key = models.CharField(max_length=100, unique=True, default=new_idempotency_key)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "view",
                        "click",
                        "basket",
                        "purchase",
                        "wishlist",
                        "dismiss",
                        "unbasket",
                        "unwish",
                        "undismiss",
                    ]
                ),
                name="event_kind_known",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="event_quantity_positive"),
        ]
        indexes = [
            # A shopper's history, newest first.
            models.Index(fields=["shopper", "-occurred_at"], name="event_history"),
            # Trending: what happened lately, whatever the shopper.
            models.Index(fields=["-occurred_at", "product"], name="event_recent"),
            # Bought together: who bought this product, in which order.
            models.Index(
                fields=["product", "order_ref"], condition=Q(kind="purchase"), name="event_product_orders"
            ),
            # Bought together: what else was in those orders.
            models.Index(fields=["order_ref"], condition=Q(kind="purchase"), name="event_order"),
            # What training leaves out: the few events that take others back.
            models.Index(
                fields=["shopper", "product"],
                name="event_taken_back",
                condition=Q(kind__in=["unbasket", "unwish", "undismiss"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shopper} {self.kind} {self.product}"


class OrderToRecord(models.Model):
    """An order whose purchases are not among the events yet, and whose they are.

    Written in the order's own transaction and deleted with the events', so that no crash in between loses
    what was bought: whatever is left behind is recorded by the beat.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="+")
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.order)


class OutboxEntry(models.Model):
    """Something that has to follow a commit, and did not yet: see `feedback.outbox`."""

    kind = models.CharField(max_length=50)
    payload = models.JSONField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class BeatRound(models.Model):
    """When a round that the beat asks for was last done: the sign that beat and worker are alive."""

    name = models.CharField(max_length=50, primary_key=True)
    came_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.came_at}"


# What can be taken back, and the event that does. Of the two the later one counts; at the same moment the
# taking back, so that the order in which a batch was written does not matter.
TAKEN_BACK_BY = {
    Event.Kind.BASKET: Event.Kind.UNBASKET,
    Event.Kind.WISHLIST: Event.Kind.UNWISH,
    Event.Kind.DISMISS: Event.Kind.UNDISMISS,
}
TAKES_BACK = {undo: done for done, undo in TAKEN_BACK_BY.items()}
