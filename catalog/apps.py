"""The catalogue app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from catalog import receivers  # noqa: F401, PLC0415 - connecting needs the app registry
        from catalog.search import index  # noqa: PLC0415 - reading models needs the app registry

        pre_migrate.connect(index.before_migrate, sender=self, dispatch_uid="search_index_away")
        post_migrate.connect(index.after_migrate, sender=self, dispatch_uid="search_index_there")
