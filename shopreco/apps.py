"""The composition root as a Django app: accounts and API keys live here."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from catalog.changes.watching import Watch, watch
from shopreco.groups import make_merchandisers


class ShopRecoConfig(AppConfig):
    name = "shopreco"
    verbose_name = "Access"

    def ready(self) -> None:
        post_migrate.connect(make_merchandisers, sender=self, dispatch_uid="make_merchandisers")
        watch(Watch("shopreco_apikey", columns=("digest", "revoked_at")))
