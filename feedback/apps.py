"""The feedback app: the only writer of ratings and events."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "Feedback"

    def ready(self) -> None:
        from feedback import receivers  # noqa: F401, PLC0415 - connecting needs the app registry
