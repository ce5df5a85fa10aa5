"""The catalogue app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from catalog.changes.watching import Touches, Watch

# Sales move a list only when they empty the shelf; ratings are read where a list is sorted by them.
PRODUCTS = Watch(
    "catalog_product", Touches.PRODUCT,
    columns=("sku", "title", "brand", "category_id", "price", "is_active", "image", "created_at"),
    flags=("stock > 0",),
)  # fmt: skip
CATEGORIES = Watch("catalog_category", Touches.EVERYTHING, columns=("name", "slug", "parent_id"))


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from catalog import receivers  # noqa: F401, PLC0415 - connecting needs the app registry
        from catalog.changes import watching  # noqa: PLC0415 - reading models needs the app registry
        from catalog.search import index  # noqa: PLC0415 - reading models needs the app registry

        pre_migrate.connect(index.before_migrate, sender=self, dispatch_uid="search_index_away")
        post_migrate.connect(index.after_migrate, sender=self, dispatch_uid="search_index_there")
        watching.watch(PRODUCTS)
        watching.watch(CATEGORIES)
        pre_migrate.connect(watching.before_migrate, sender=self, dispatch_uid="triggers_away")
        post_migrate.connect(watching.after_migrate, sender=self, dispatch_uid="triggers_there")
