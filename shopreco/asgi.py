"""The ASGI entry point. The first request finds the live model loaded.

The settings are production's where none are named: see `shopreco.settings`.
"""

from django.core.asgi import get_asgi_application

application = get_asgi_application()

# Only now are there apps to import from.
from shopreco.web_process import prepare  # noqa: E402

prepare()
