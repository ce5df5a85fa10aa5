"""Products as rows of a CSV file: what each column means, and what is said about a row that is wrong."""

from __future__ import annotations

import contextlib
import difflib
import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import Diff, ModelResource
from import_export.results import Error, Result
from import_export.widgets import Widget
from simple_history.utils import bulk_update_with_history

from catalog.models import Category, Product

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("sku", "title", "description", "brand", "category", "price", "stock", "visible", "attributes")
YES, NO = ("yes", "true", "1"), ("no", "false", "0")


class Text(Widget):  # type: ignore[misc]
    """Text that a spreadsheet must not run: what looks like a formula leaves with an apostrophe before it."""

    def __init__(self, *, strip: bool = False) -> None:
        super().__init__()
        self.strip = strip

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = "" if value is None else str(value)
        if text.startswith("'") and text[1:].startswith(FORMULA_STARTS):
            text = text[1:]
        return text.strip() if self.strip else text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        text = "" if value is None else str(value)
        return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class Price(Widget):  # type: ignore[misc]
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal:
        with contextlib.suppress(InvalidOperation):
            price = Decimal(str(value).strip()).quantize(Decimal("0.01"))
            if price.is_finite():
                return price
        raise ValueError(f"“{value}” is not a price. Write it like 12.90.")


class Stock(Widget):  # type: ignore[misc]
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        text = str(value).strip()
        if not text.isascii() or not text.isdigit():
            raise ValueError(f"“{value}” is not a number of pieces. Write it like 25, or 0 for sold out.")
        return int(text)


class YesNo(Widget):  # type: ignore[misc]
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = str(value).strip().lower()
        if text not in YES + NO:
            raise ValueError(f"“{value}” is neither yes nor no. Write yes or no.")
        return text in YES

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "yes" if value else "no"


class Attributes(Widget):  # type: ignore[misc]
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dict[str, Any]:
        text = str(value or "").strip()
        try:
            attributes = json.loads(text) if text else {}
        except ValueError:
            attributes = None
        if not isinstance(attributes, dict):
            raise ValueError('Write attributes like {"colour": "blue"}, or leave the cell empty.')
        return attributes

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


class CategoryBySlug(Widget):  # type: ignore[misc]
    """All categories are read once: a file has a category in every row."""

    def __init__(self) -> None:
        super().__init__()
        self._by_slug: dict[str, Category] | None = None

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Category | None:
        slug = str(value or "").strip()
        if not slug:
            return None
        if self._by_slug is None:
            self._by_slug = {category.slug: category for category in Category.objects.all()}
        if (category := self._by_slug.get(slug)) is not None:
            return category
        near = difflib.get_close_matches(slug, self._by_slug, n=1)
        hint = f"Did you mean “{near[0]}”?" if near else "Use the slug of one in the list of categories."
        raise ValueError(f"There is no category with the slug “{slug}”. {hint}")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.slug if value else ""


class MarkedDiff(Diff):  # type: ignore[misc]
    """Old and new value of each cell; the library's own way needs inline styles, which the site forbids."""

    def as_html(self) -> list[SafeString]:
        cells = []
        for old, new in zip(self.left, self.right, strict=True):
            if self.new or old == new:
                cells.append(format_html("{}", new))
            else:
                cells.append(format_html("<del>{}</del> <ins>{}</ins>", old, new))
        return cells


def column_problem(headers: list[str] | None) -> str | None:
    """What is wrong with a file's first row and what to do about it; None when it is fine."""
    found = [header or "" for header in headers or []]
    known = ", ".join(COLUMNS)
    if "sku" not in found:
        return f"The first row has no column “sku”, which says which product a row is. Columns: {known}."
    if unknown := [header for header in found if header not in COLUMNS]:
        return f"Unknown column “{unknown[0]}”. Rename or delete it. Columns: {known}."
    if twice := [header for header in found if found.count(header) > 1]:
        return f"The column “{twice[0]}” is there twice. Keep one."
    return None


class ProductResource(ModelResource):  # type: ignore[misc]
    """A row is found by its sku: known ones are changed, others added, and the rest left as they are."""

    sku = Field("sku", "sku", Text(strip=True))
    title = Field("title", "title", Text())
    description = Field("description", "description", Text())
    brand = Field("brand", "brand", Text(strip=True))
    category = Field("category", "category", CategoryBySlug())
    price = Field("price", "price", Price())
    stock = Field("stock", "stock", Stock())
    visible = Field("is_active", "visible", YesNo())
    attributes = Field("attributes", "attributes", Attributes())

    class Meta:
        model = Product
        fields = COLUMNS
        import_order = COLUMNS
        export_order = COLUMNS
        import_id_fields = ("sku",)
        instance_loader_class = CachedInstanceLoader
        use_transactions = True
        skip_unchanged = True
        report_skipped = False
        clean_model_instances = True

    @classmethod
    def get_diff_class(cls) -> type[MarkedDiff]:
        return MarkedDiff

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.select_related("category")

    def import_data(self, dataset: Any, **kwargs: Any) -> Result:
        """Import all rows or none."""
        self.rows_by_sku: dict[str, int] = {}
        self.changed: dict[frozenset[str], list[Product]] = {}
        if problem := column_problem(dataset.headers):
            result = self.get_result_class()()
            result.append_base_error(Error(ValueError(problem)))
            return result
        return super().import_data(dataset, **{**kwargs, "rollback_on_validation_errors": True})

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        sku, number = self.fields["sku"].clean(row), kwargs["row_number"] + 1
        if not sku:
            raise ValidationError({"sku": "The SKU is missing. Every row needs one."})
        first = self.rows_by_sku.setdefault(sku, number)
        if first != number:
            raise ValidationError({"sku": f"{sku} is in row {first} already. Keep one of the two rows."})

    def skip_row(self, instance: Product, original: Product, row: Any, errors: Any = None) -> bool:
        """Whether the row says what the shop says already."""
        names = (field.attribute for field in self.get_import_fields())
        self.row_edits = frozenset(
            name for name in names if getattr(instance, name) != getattr(original, name)
        )
        return not self.row_edits and not errors

    def save_instance(self, instance: Product, is_create: bool, row: dict[str, Any], **kwargs: Any) -> None:
        """Nothing for a preview; changed products are written together at the end."""
        if kwargs["dry_run"]:
            return
        if is_create:
            instance.save(force_insert=True)
        else:
            self.changed.setdefault(self.row_edits, []).append(instance)

    def after_import(self, dataset: Any, result: Result, **kwargs: Any) -> None:
        """Write what was edited of each product and no more: orders and ratings go on meanwhile."""
        if result.has_errors() or result.has_validation_errors():
            return
        for columns, products in self.changed.items():
            bulk_update_with_history(
                products, Product, sorted(columns), batch_size=200, default_user=kwargs.get("user"),
                default_change_reason="CSV import",
            )  # fmt: skip

    def validate_instance(
        self, instance: Product, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Check the row's own values; the sku is unique by the way rows are found.

        The database's constraints say nothing the field validators do not, and would cost a query a row.
        """
        errors: dict[str, Any] = dict(import_validation_errors or {})
        checked = {field.attribute for field in self.fields.values()} - {"category", *errors}
        others = {field.name for field in Product._meta.fields} - checked
        try:
            instance.full_clean(exclude=others, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)
