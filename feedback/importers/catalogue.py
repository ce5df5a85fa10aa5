"""Writing products and departments: new ones are made, known ones follow what the data says about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.utils.text import slugify

from catalog.models import Category, Product
from feedback.importers.batches import ProductDetails, Tally

IDS_PER_QUERY = 500
T = TypeVar("T")
_WRITTEN = ["title", "slug", "description", "brand", "category", "price", "stock", "attributes"]


@dataclass(frozen=True)
class Defaults:
    """What a new product gets where the data set is silent."""

    price: Decimal
    stock: int
    now: datetime


def parts(rows: Sequence[T], size: int = IDS_PER_QUERY) -> Iterator[Sequence[T]]:
    """The rows in portions that fit into one query."""
    return (rows[first : first + size] for first in range(0, len(rows), size))


class Departments:
    """Category paths (department, aisle) to ids; missing ones are made. Capitals make no difference."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._slugs: set[str] = set()
        self._ids: dict[tuple[int | None, str], int] = {}
        for pk, parent, name, slug in Category.objects.values_list("pk", "parent_id", "name", "slug"):
            self._ids[parent, name.casefold()] = pk
            self._slugs.add(slug)

    def id_of(self, path: Sequence[str]) -> int | None:
        """The id of the path's last category, None for no path. The shop has two levels; more are cut."""
        parent: int | None = None
        for name in path[:2]:
            parent = self._child(parent, name[:100].strip())
        return parent

    def _child(self, parent: int | None, name: str) -> int:
        known = self._ids.get((parent, name.casefold()))
        if known is not None:
            return known
        category = Category.objects.create(name=name, slug=self._free_slug(name), parent_id=parent)
        self._tally.categories_new += 1
        self._ids[parent, name.casefold()] = category.pk
        return category.pk

    def _free_slug(self, name: str) -> str:
        base = slugify(name)[:100] or "category"
        slug, number = base, 2
        while slug in self._slugs:
            slug, number = f"{base}-{number}", number + 1
        self._slugs.add(slug)
        return slug


class Catalogue:
    """SKUs to product ids, kept for the length of an import."""

    def __init__(self, defaults: Defaults, tally: Tally) -> None:
        self.ids: dict[str, int] = {}
        self._defaults = defaults
        self._tally = tally
        self._departments = Departments(tally)
        self._described: set[str] = set()

    def describe(self, details: Iterable[ProductDetails]) -> None:
        """Make or update products. The first description of a product in an import is the one that counts."""
        fresh = {}
        for product in details:
            if product.sku not in self._described:
                self._described.add(product.sku)
                fresh[product.sku] = product
        for part in parts(list(fresh.values())):
            self._upsert({product.sku: product for product in part})

    def ensure(self, skus: Iterable[str]) -> None:
        """Make a bare product for every SKU that nothing was said about, so that no feedback is lost."""
        missing = [sku for sku in skus if sku not in self.ids]
        for part in parts(missing):
            self._remember(part)
            bare = {sku: ProductDetails(sku) for sku in part if sku not in self.ids}
            self._upsert(bare)

    def _upsert(self, details: dict[str, ProductDetails]) -> None:
        if not details:
            return
        known = {product.sku: product for product in Product.objects.filter(sku__in=list(details))}
        changed: list[Product] = []
        for sku, said in details.items():
            product = known.get(sku)
            if product is None:
                changed.append(self._new(said))
                self._tally.products_new += 1
            elif self._follow(product, said):
                changed.append(product)
                self._tally.products_updated += 1
        for product in changed:
            product.pk = None  # the SKU is what a row is recognised by
        Product.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["sku"], update_fields=_WRITTEN
        )
        self._remember(list(details))

    def _new(self, said: ProductDetails) -> Product:
        title = (said.title or f"Product {said.sku}")[:255]
        return Product(
            sku=said.sku,
            title=title,
            slug=_slug(title),
            description=said.description,
            brand=said.brand[:120],
            category_id=self._departments.id_of(said.path),
            price=self._defaults.price if said.price is None else said.price,
            stock=self._defaults.stock if said.stock is None else said.stock,
            attributes=said.attributes,
            created_at=said.created_at or self._defaults.now,
        )

    def _follow(self, product: Product, said: ProductDetails) -> bool:
        """Take over what the data says; whether that changed anything."""
        wanted: dict[str, Any] = {
            "title": said.title[:255],
            "description": said.description,
            "brand": said.brand[:120],
            "category_id": self._departments.id_of(said.path),
            "price": said.price,
            "stock": said.stock,
            "attributes": {**product.attributes, **said.attributes} if said.attributes else None,
        }
        changed = {
            name: value
            for name, value in wanted.items()
            if value not in (None, "") and value != getattr(product, name)
        }
        for name, value in changed.items():
            setattr(product, name, value)
        if "title" in changed:
            product.slug = _slug(product.title)
        return bool(changed)

    def _remember(self, skus: Sequence[str]) -> None:
        found = Product.objects.filter(sku__in=list(skus)).values_list("sku", "pk")
        self.ids.update(found)


def _slug(title: str) -> str:
    return slugify(title)[:120] or "product"
