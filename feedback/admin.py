"""What shoppers did, to be looked at; and the shoppers, to be looked up, asked for consent and forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, Max, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from catalog.admin.common import CountedDeletion, ReadOnlyAdmin, admin_link
from feedback.erasing import forget, set_consent
from feedback.models import Event, Rating, RatingChange, Shopper


class LogQuerySet(QuerySet[Any]):
    """Rows of a log, which has some on about every day: the date links need not look at each row.

    Django's own reads every row of the table to find out which years, months or days it has.
    """

    def datetimes(self, field_name: str, kind: str, order: str = "ASC", tzinfo: Any = None) -> list[datetime]:  # type: ignore[override]
        """All years, months or days from the first row to the last."""
        span = self.aggregate(first=Min(field_name), last=Max(field_name))
        if span["first"] is None:
            return []
        moment, last = (timezone.localtime(span[end]).replace(hour=0, minute=0, second=0, microsecond=0)
                        for end in ("first", "last"))  # fmt: skip
        found = []
        while moment <= last:
            found.append(moment)
            moment = _next(moment, kind)
        return found


def _next(moment: datetime, kind: str) -> datetime:
    """The beginning of the following year or month, or the following day."""
    if kind == "year":
        return moment.replace(year=moment.year + 1, month=1, day=1)
    if kind == "month":
        return (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
    return moment + timedelta(days=1)


class FeedbackAdmin(ReadOnlyAdmin):
    """A log of what shoppers did with products."""

    list_select_related = ("shopper", "product")
    list_per_page = 50
    show_full_result_count = False
    search_fields: ClassVar[tuple[str, ...]] = ("shopper__external_id", "product__sku", "product__title")
    search_help_text = "Shopper id, SKU or title"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return LogQuerySet(self.model)

    @admin.display(description="Shopper", ordering="shopper__external_id")
    def shopper_link(self, row: Any) -> SafeString | str:
        return admin_link(row.shopper)

    @admin.display(description="Product", ordering="product__title")
    def product_link(self, row: Any) -> SafeString | str:
        return admin_link(row.product)


@admin.display(description="Stars", ordering="value")
def stars(row: Rating | RatingChange) -> SafeString | str:
    if row.value is None:
        return "taken back"
    return format_html(
        '<span class="stars" aria-hidden="true">{}</span><span class="visually-hidden">{} of 5</span>',
        "★" * row.value + "☆" * (5 - row.value),
        row.value,
    )


@admin.register(Rating)
class RatingAdmin(FeedbackAdmin):
    list_display = ("shopper_link", "product_link", stars, "rated_at")
    list_display_links = ("rated_at",)
    list_filter = ("value",)
    date_hierarchy = "rated_at"
    ordering = ("-rated_at",)
    fields = ("shopper_link", "product_link", "value", "rated_at")


@admin.register(RatingChange)
class RatingChangeAdmin(FeedbackAdmin):
    list_display = ("id", "shopper_link", "product_link", stars, "changed_at")
    date_hierarchy = "changed_at"
    ordering = ("-pk",)
    fields = ("shopper_link", "product_link", "value", "changed_at")


@admin.register(Event)
class EventAdmin(FeedbackAdmin):
    list_display = ("occurred_at", "kind", "shopper_link", "product_link", "quantity", "order_ref")
    list_filter = ("kind",)
    date_hierarchy = "occurred_at"
    ordering = ("-occurred_at",)
    search_fields = (*FeedbackAdmin.search_fields, "order_ref")
    search_help_text = "Shopper id, SKU, title or order"
    fields = (
        "shopper_link", "product_link", "kind", "occurred_at", "quantity", "order_ref", "idempotency_key",
    )  # fmt: skip


@admin.register(Shopper)
class ShopperAdmin(CountedDeletion, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("external_id", "account_link", "consent", "rating_count", "lists", "since")
    list_editable = ("consent",)
    list_filter = ("is_anonymous", "consent", ("account", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("external_id", "account__username", "account__email")
    search_help_text = "Shopper id, user name or e-mail"
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    fields = ("external_id", "account_link", "is_anonymous", "consent", "rating_count", "lists", "created_at")
    readonly_fields = ("external_id", "account_link", "is_anonymous", "rating_count", "lists", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a shopper is made by its first feedback

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shopper]:
        ratings = (
            Rating.objects.filter(shopper=OuterRef("pk"))
            .order_by()
            .values("shopper")
            .annotate(count=Count("pk"))
            .values("count")
        )
        counted = Coalesce(Subquery(ratings, output_field=IntegerField()), 0)
        shoppers: QuerySet[Shopper] = super().get_queryset(request)
        return shoppers.annotate(ratings_given=counted)

    @admin.display(description="Ratings", ordering="ratings_given")
    def rating_count(self, shopper: Shopper) -> SafeString:
        address = f"{reverse('admin:feedback_rating_changelist')}?{urlencode({'shopper__id': shopper.pk})}"
        return format_html('<a href="{}">{}</a>', address, shopper.ratings_given)  # type: ignore[attr-defined]

    @admin.display(description="Recommendations")
    def lists(self, shopper: Shopper) -> SafeString:
        address = f"{reverse('recommendations')}?{urlencode({'shopper': shopper.external_id})}"
        return format_html('<a href="{}" class="nowrap">See recommendations</a>', address)

    @admin.display(description="Account", ordering="account__username")
    def account_link(self, shopper: Shopper) -> SafeString | str:
        return "visitor" if shopper.is_anonymous else admin_link(shopper.account)

    @admin.display(ordering="created_at")
    def since(self, shopper: Shopper) -> str:
        return date_format(shopper.created_at, "SHORT_DATE_FORMAT")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "consent":
            # A consent taken back since the list was opened must not be given again by saving the list.
            kwargs["show_hidden_initial"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Shopper, form: Any, change: bool) -> None:
        """Write the consent alone, and let go of the lists that were cached under the old one."""
        set_consent(obj, obj.consent, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Shopper) -> None:
        self.delete_queryset(request, Shopper.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Shopper]) -> None:
        """Delete shoppers with all they did, and take their stars out of the products' averages."""
        # By id: the list's own query counts and sorts, which a database refuses to lock.
        chosen = Shopper.objects.filter(pk__in=list(queryset.order_by().values_list("pk", flat=True)))
        forget(chosen, now=timezone.now())
