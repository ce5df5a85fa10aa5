"""A shop on the internet: every secret from the environment, everything closed unless it is opened."""

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from shopreco.settings.base import *
from shopreco.settings.base import (
    CONTENT_SECURITY_POLICY,
    DATABASES,
    MODEL_SIGNING_KEY,
    MODEL_SIGNING_KEYS_OLD,
    REDIS_URL,
    REST_FRAMEWORK,
    SECRET_KEY_FALLBACKS,
    env,
)
from shopreco.settings.safety import complaints

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", "")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS")
if unsafe := list(
    complaints(
        secret_key=SECRET_KEY,
        former_keys=SECRET_KEY_FALLBACKS,
        signing_key=MODEL_SIGNING_KEY,
        former_signing_keys=MODEL_SIGNING_KEYS_OLD,
        hosts=ALLOWED_HOSTS,
        # Not merely ignored: who sets them expects something else than what is served.
        opened=[name for name in ("DEBUG", "OPEN_API", "OPEN_LOOKUP") if env.bool(name, False)],
        database_engine=DATABASES["default"]["ENGINE"],
        redis_url=REDIS_URL,
    )
):
    raise ImproperlyConfigured("\n".join(unsafe))
SHOPRECO_OPEN_API = False
SHOPRECO_OPEN_LOOKUP = False
SHOPRECO_LOG_REQUESTS = env.bool("LOG_REQUESTS", True)

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# A load balancer asks for the health over plain HTTP and takes a redirect for an illness.
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health/"]
REST_FRAMEWORK |= {"NUM_PROXIES": env.int("NUM_PROXIES", 1)}
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY["DIRECTIVES"] |= {"upgrade-insecure-requests": True}

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
