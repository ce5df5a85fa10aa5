"""The WSGI entry point. The first request finds the live model loaded."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopreco.settings.prod")

application = get_wsgi_application()

# Only now are there apps to import from.
from recommendations.serving.snapshot import warm_up  # noqa: E402
from shopreco.databases import wait_as_web  # noqa: E402

wait_as_web()
warm_up()

# What is there now stays. Looked through for garbage all the same, it would keep a request waiting for 0.1 s.
gc.collect()
gc.freeze()
