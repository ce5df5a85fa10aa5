"""The recommendations app."""

from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        # Connecting needs the app registry; and the web process must know the tasks it sends.
        from recommendations import receivers, tasks  # noqa: F401, PLC0415
