"""The default of a fresh clone: open demo shop on SQLite and the embedded Redis. Not for the internet."""

from shopreco.settings.base import *
from shopreco.settings.base import env

DEBUG = env.bool("DEBUG", False)
# Known to everyone who reads this file: the production settings refuse to start with it.
SECRET_KEY = env.str("SECRET_KEY", "insecure-demo-key-for-a-shop-on-localhost-only-0123456789")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])

SHOPRECO_OPEN_API = env.bool("OPEN_API", True)
SHOPRECO_OPEN_LOOKUP = env.bool("OPEN_LOOKUP", True)

# Static files are served from where they are: no collectstatic before the first start.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
