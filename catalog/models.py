"""What is sold: departments and products."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, FloatField, Q, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from simple_history.models import HistoricalRecords

SKU_PATTERN = r"[A-Za-z0-9._-]{1,64}"
# A product's average counts as if this many ratings of this value had been given first, so that one
# enthusiast does not put a product at the top of "top rated".
PRIOR_RATINGS = 5
PRIOR_VALUE = 3.5


def weighted_rating(count: int, total: int) -> float:
    """A product's average with the prior, 1 to 5; the same as `ProductQuerySet.by_rating` sorts by."""
    return (total + PRIOR_RATINGS * PRIOR_VALUE) / (count + PRIOR_RATINGS)


class Category(models.Model):
    """A department (no parent) or an aisle inside one: two levels."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=120, unique=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
        limit_choices_to={"parent": None}, help_text="Empty for a department.",
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(default=0, help_text="Smaller comes first.")

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="category_name_once_per_parent"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(parent__isnull=True), name="department_name_once"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="category_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('catalog:products')}?department={self.slug}"

    @property
    def department(self) -> Category:
        return self.parent or self


class ProductQuerySet(QuerySet["Product"]):
    def public(self) -> ProductQuerySet:
        """What shoppers may see."""
        return self.filter(is_active=True)

    def in_stock(self) -> ProductQuerySet:
        return self.filter(stock__gt=0)

    def recommendable(self) -> ProductQuerySet:
        """What may be recommended: visible and to be had."""
        return self.public().in_stock()

    def in_category(self, category: Category) -> ProductQuerySet:
        """Products of the category itself and of its aisles."""
        return self.filter(Q(category=category) | Q(category__parent=category))

    def for_cards(self) -> ProductQuerySet:
        """The whole query of a list of product cards."""
        return self.select_related("category__parent").defer("description", "attributes")

    def by_rating(self) -> ProductQuerySet:
        """Top rated first, by the average with a prior (`PRIOR_RATINGS` ratings of `PRIOR_VALUE`)."""
        weighted = (Cast("rating_total", FloatField()) + PRIOR_RATINGS * PRIOR_VALUE) / (
            Cast("rating_count", FloatField()) + PRIOR_RATINGS
        )
        return self.annotate(weighted_rating=weighted).order_by("-weighted_rating", "pk")


class Product(models.Model):
    """Something the shop sells. `sku` is the id an integrator uses."""

    sku = models.CharField(
        "SKU", max_length=64, unique=True,
        validators=[RegexValidator(f"^{SKU_PATTERN}$", "Use letters, digits, dots, dashes and underscores.")],
    )  # fmt: skip
    title = models.CharField(max_length=255)
    slug = models.SlugField(max_length=120, blank=True, help_text="Made from the title when left empty.")
    description = models.TextField(blank=True)
    brand = models.CharField(max_length=120, blank=True, db_index=True)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, null=True, blank=True, related_name="products"
    )
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0, validators=[MinValueValidator(0)])
    stock = models.PositiveIntegerField(default=0)
    attributes = models.JSONField(default=dict, blank=True, help_text='For example {"colour": "blue"}.')
    image = models.FileField(
        upload_to="products/", blank=True, help_text="Drawn from the title when left empty."
    )
    is_active = models.BooleanField("visible", default=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Kept in step with the ratings by feedback.services, so that a list can be sorted without adding them up.
    rating_count = models.PositiveIntegerField(default=0, editable=False)
    rating_total = models.PositiveIntegerField(default=0, editable=False)

    objects = ProductQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["rating_count", "rating_total"])

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            # Newest first on the home page and in listings.
            models.Index(fields=["-created_at", "-id"], condition=Q(is_active=True), name="product_newest"),
            # A department's listing sorted by price.
            models.Index(fields=["category", "price"], name="product_category_price"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(condition=~Q(sku=""), name="product_sku_not_empty"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = slugify(self.title)[:120] or "product"
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.sku])

    @property
    def picture_url(self) -> str:
        """The uploaded picture, or one drawn for this product."""
        return self.image.url if self.image else reverse("catalog:picture", args=[self.sku])

    @property
    def rating_average(self) -> float | None:
        """1 to 5, or None when nobody has rated it."""
        return self.rating_total / self.rating_count if self.rating_count else None

    @property
    def in_stock(self) -> bool:
        return self.stock > 0


# Django looks for all of the app's models here.
from catalog.changes.models import ProductChange as ProductChange  # noqa: E402
from catalog.changes.models import ShopState as ShopState  # noqa: E402
from catalog.order_models import BasketLine as BasketLine  # noqa: E402
from catalog.order_models import Order as Order  # noqa: E402
from catalog.order_models import OrderLine as OrderLine  # noqa: E402
