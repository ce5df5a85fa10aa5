"""The recommendations app."""

from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from recommendations import listing_order, receivers  # noqa: F401, PLC0415 - connecting needs the app registry
