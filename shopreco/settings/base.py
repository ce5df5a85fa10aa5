"""What every environment shares. Whatever differs comes from the environment or from dev, test and prod."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from marshmallow.validate import OneOf
from pythonjsonlogger.core import RESERVED_ATTRS

from shopreco.embedded_redis import celery_url, default_url
from shopreco.settings.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

env = Environment()
env.read_env(str(BASE_DIR / ".env"), recurse=False)
VAR_DIR = env.path("SHOPRECO_VAR_DIR", VAR_DIR)

ALLOWED_HOSTS: list[str] = env.listed("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS: list[str] = env.listed("CSRF_TRUSTED_ORIGINS")
# Keys of before a change: sessions, links and models made with them stay good until they are taken out.
SECRET_KEY_FALLBACKS: list[str] = env.listed("SECRET_KEY_FALLBACKS")
# What published models are signed with; empty for a key made of SECRET_KEY. See recommendations/signing.py.
MODEL_SIGNING_KEY: str = env.str("MODEL_SIGNING_KEY", "")
MODEL_SIGNING_KEYS_OLD: list[str] = env.listed("MODEL_SIGNING_KEYS_OLD")

INSTALLED_APPS = [
    "shopreco",
    "recommendations",
    "feedback",
    "catalog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_bootstrap5",
    "bootstrap",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "csp",
    "import_export",
    "simple_history",
]

MIDDLEWARE = [
    "shopreco.watching.middleware.WatchingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "shopreco.express_doors.ExpressMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "feedback.middleware.ShopperMiddleware",
]

ROOT_URLCONF = "shopreco.urls"
WSGI_APPLICATION = "shopreco.wsgi.application"
ASGI_APPLICATION = "shopreco.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{quote(str(VAR_DIR / 'db.sqlite3'))}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    # WAL lets pages be read while a rating is written; IMMEDIATE queues writers instead of failing them.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
else:
    # Tried again every second or two while the server is away, not at ever longer intervals.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        connect_timeout=env.int("DB_CONNECT_TIMEOUT", 3),
        # A server that vanished without a word is given up, which would take the system a quarter of an hour.
        tcp_user_timeout=10_000,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        pool={"min_size": 1, "max_size": 8, "timeout": 5, "reconnect_timeout": 3},
    )
# The statements of a list are planned once per connection; a pooler that hands connections on after each
# transaction must know of that.
SHOPRECO_PREPARED_STATEMENTS: bool = env.bool("DB_PREPARED_STATEMENTS", True)
# Seconds; of processes that answer requests only (`shopreco.databases`).
SHOPRECO_DB_TIMEOUTS = {
    "statement_timeout": env.float("DB_STATEMENT_TIMEOUT", 5.0),
    "lock_timeout": env.float("DB_LOCK_TIMEOUT", 4.0),
    "idle_in_transaction_session_timeout": env.float("DB_IDLE_IN_TRANSACTION_TIMEOUT", 30.0),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

REDIS_URL: str = env.str("REDIS_URL", default_url(VAR_DIR))
CACHES = {
    "default": {
        "BACKEND": "shopreco.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "shopreco",
        "OPTIONS": {
            "serializer": "shopreco.cache.JsonSerializer",
            "socket_connect_timeout": 0.5,
            "socket_timeout": 1.0,
        },
    }
}

CELERY_BROKER_URL = celery_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    # A broker that hangs must not hang the rating that would have started a training.
    "socket_timeout": 3,
    "visibility_timeout": 3600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# Trainings have a queue of their own, so that a worker elsewhere can take them, at a lower priority.
CELERY_TASK_ROUTES = {"recommendations.train": {"queue": "training"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

AUTH_USER_MODEL = "shopreco.User"
AUTHENTICATION_BACKENDS = ["shopreco.sign_in.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

# Mails (a forgotten password) are printed until a server is named.
EMAIL_HOST: str = env.str("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT: int = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "ShopReco <shop@localhost>")

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"

BOOTSTRAP5 = {
    "css_url": {"url": f"{STATIC_URL}bootstrap/css/bootstrap.min.css"},
    "javascript_url": {"url": f"{STATIC_URL}bootstrap/js/bootstrap.bundle.min.js"},
}

CONTENT_SECURITY_POLICY: dict[str, dict[str, Any]] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=180).total_seconds())
CORS_ALLOWED_ORIGINS: list[str] = env.listed("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_HEADERS = (*default_headers, "x-api-key")
CORS_EXPOSE_HEADERS = ["Retry-After"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "shopreco.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["shopreco.api.permissions.OpenOrKeyOrStaff"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["shopreco.api.parsers.SafeJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "PAGE_SIZE": 20,
    "EXCEPTION_HANDLER": "shopreco.api.problems.problem_json",
    "DEFAULT_THROTTLE_CLASSES": [
        "shopreco.api.throttles.CallerThrottle",
        "shopreco.api.throttles.ScopeThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", "1200/min"),
        "user": env.str("THROTTLE_USER", "6000/min"),
        # Ratings and events of callers who are not known, on top of "anon".
        "feedback": env.str("THROTTLE_FEEDBACK", "600/min"),
    },
    # How many proxies of our own add to X-Forwarded-For; what a caller writes there itself is ignored.
    "NUM_PROXIES": env.int("NUM_PROXIES", 0),
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ShopReco API",
    "DESCRIPTION": "Personal, explained product recommendations that follow every rating at once.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_PERMISSIONS": ["shopreco.api.permissions.OpenOrKeyOrStaff"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shopreco.api.schema.add_problems",
    ],
    "TAGS": [
        {"name": "Recommendations", "description": "What to show to whom, and why."},
        {"name": "Feedback", "description": "What shoppers rated and did."},
        {"name": "Products", "description": "What the shop sells."},
        {"name": "Models", "description": "What the recommendations come from."},
        {"name": "Health", "description": "For load balancers and monitoring; always open."},
        {"name": "Documentation", "description": "This description."},
    ],
    "ENUM_NAME_OVERRIDES": {
        "RowStatus": "feedback.api.serializers.ROW_STATUSES",
        "CheckStatus": "shopreco.api.serializers.CHECK_STATUSES",
        "HealthStatus": "shopreco.api.serializers.HEALTH_STATUSES",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # No badge from swagger.io: it would tell them of every visit.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# The shop's own settings; recommendations/conf.py reads the RECOMMENDATIONS block.
SHOPRECO_OPEN_API: bool = env.bool("OPEN_API", False)
SHOPRECO_OPEN_LOOKUP: bool = env.bool("OPEN_LOOKUP", False)
SHOPRECO_CURRENCY: str = env.str("CURRENCY", "£")
# The shop's version is moved on at the commit, so that writers wait for each other for a moment only.
SHOPRECO_NOTE_AT_COMMIT = True
# How often pages may be written to, per account or browser; an address may five times as much.
SHOPRECO_LIMITS = {
    "feedback": env.str("LIMIT_FEEDBACK", "120/min"),
    "basket": env.str("LIMIT_BASKET", "120/min"),
    "orders": env.str("LIMIT_ORDERS", "20/hour"),
    "export": env.str("LIMIT_EXPORT", "10/hour"),
    # Passwords tried in vain, per name and address; and accounts made, per address.
    "sign-in": env.str("LIMIT_SIGN_IN", "5/5min"),
    "sign-up": env.str("LIMIT_SIGN_UP", "20/hour"),
    # Mails asked for, and passwords tried by who is signed in.
    "password": env.str("LIMIT_PASSWORD", "10/hour"),
}
# What cannot be counted since the cache is away: let through, or answered with 503.
SHOPRECO_WITHOUT_CACHE: str = env.str("THROTTLE_WITHOUT_CACHE", "allow", validate=OneOf(["allow", "refuse"]))
# After so long without a sign of beat and worker the shop says so.
SHOPRECO_WORKER_GONE_AFTER: timedelta = env.timedelta("WORKER_GONE_AFTER", timedelta(minutes=3))
HALF_LIFE_DAYS = dict.fromkeys(("view", "click", "basket", "wishlist", "purchase", "rating"), 180.0)
RECOMMENDATIONS = {
    "algorithm": env.str("RECOMMENDATION_ALGORITHM", "auto"),
    "search_seconds": env.float("SEARCH_SECONDS", 120.0),
    "search_every": env.timedelta("SEARCH_EVERY", timedelta(days=7)),
    "artefact_root": env.path("MODEL_DIR", VAR_DIR / "models"),
    "retrain_after_ratings": env.int("RETRAIN_AFTER_RATINGS", 50),
    "retrain_max_age": env.timedelta("RETRAIN_MAX_AGE", timedelta(days=1)),
    "retrain_min_interval": env.timedelta("RETRAIN_MIN_INTERVAL", timedelta(seconds=60)),
    "training_nice": env.int("TRAINING_NICE", 10),
    "exploration_share": env.float("EXPLORATION_SHARE", 0.05),
    "half_life_days": env.dict("HALF_LIFE_DAYS", HALF_LIFE_DAYS, subcast_values=float),
    "repeat_purchases": env.bool("REPEAT_PURCHASES", False),
    "repeat_after": env.timedelta("REPEAT_AFTER", timedelta(0)),
    "diversity": env.float("DIVERSITY", 0.1),
    "department_cap": env.int("DEPARTMENT_CAP", 8),
}

# A line per request with its id and time; the production settings switch it on.
SHOPRECO_LOG_REQUESTS: bool = env.bool("LOG_REQUESTS", False)
LOG_FORMAT: str = env.str("LOG_FORMAT", "line", validate=OneOf(["line", "json"]))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "shopreco.watching.request_id.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id}: {message}", "style": "{"},
        "json": {
            "()": "shopreco.watching.lines.JsonLines",
            "format": "{levelname}{name}{message}{request_id}",
            "style": "{",
            "timestamp": "time",
            # Django's own records carry the whole request, query string and all.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
            "rename_fields": {"levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]}
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
