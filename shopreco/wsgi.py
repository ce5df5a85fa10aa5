"""The WSGI entry point. The first request finds the live model loaded.

The settings are production's where none are named: see `shopreco.settings`.
"""

from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

# Only now are there apps to import from.
from shopreco.express_doors import ExpressGate  # noqa: E402
from shopreco.web_process import prepare  # noqa: E402

application = ExpressGate(django_application)
prepare()
