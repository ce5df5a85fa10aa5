"""What is bought: the baskets of accounts, and orders with the prices they were placed at."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

MAX_QUANTITY = 99
# Without letters and digits that are taken for one another when an order number is read out.
NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
NUMBER_LENGTH = 10


def new_order_number() -> str:
    return "".join(secrets.choice(NUMBER_LETTERS) for _ in range(NUMBER_LENGTH))


class BasketLine(models.Model):
    """A product in an account's basket. A visitor's basket is in the session instead."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="basket_lines"
    )
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "product"], name="basket_line_once_per_product"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="basket_quantity_1_to_99"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"


class Order(models.Model):
    """What somebody ordered, and where to. It outlives account and products: the shop keeps its books."""

    class Status(models.TextChoices):
        PLACED = "placed"
        SENT = "sent"

    number = models.CharField(max_length=16, unique=True, default=new_order_number, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    street = models.CharField("street and number", max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=80, blank=True)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    placed_at = models.DateTimeField(default=timezone.now)
    # Whoever sends the same form twice gets one order.
    submit_key = models.CharField(max_length=64, unique=True, editable=False)
    anonymised_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-placed_at", "-pk"]
        indexes = [models.Index(fields=["account", "-placed_at"], name="order_of_account")]
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=(Q(anonymised_at__isnull=True) & ~Q(email="") & ~Q(name="") & ~Q(street=""))
                | Q(anonymised_at__isnull=False, account=None, email="", name="", street="", city=""),
                name="order_is_someones_or_nobodys",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("catalog:order", args=[self.number])

    @property
    def item_count(self) -> int:
        """How many pieces; reads the lines, which the selectors prefetch."""
        return sum(line.quantity for line in self.lines.all())


class OrderLine(models.Model):
    """A product of an order as it was then: a later price, title or deletion does not change it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey("catalog.Product", on_delete=models.SET_NULL, null=True, related_name="+")
    sku = models.CharField("SKU", max_length=64)
    title = models.CharField(max_length=255)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    quantity = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sku"], name="order_line_once_per_product"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="order_line_price_not_negative"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity
