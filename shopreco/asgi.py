"""The ASGI entry point. The first request finds the live model loaded."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopreco.settings.prod")

application = get_asgi_application()

# Only now are there apps to import from.
from shopreco.web_process import prepare  # noqa: E402

prepare()
