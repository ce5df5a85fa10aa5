"""The recommendations app."""

from django.apps import AppConfig

from catalog.changes.watching import Watch, watch


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from recommendations import checks, listing_order, receivers  # noqa: F401, PLC0415 - connecting needs the app registry

        watch(Watch("recommendations_merchandisingrule"))
        watch(Watch("recommendations_modelversion", columns=("is_live", "folder", "sha256", "signature")))
