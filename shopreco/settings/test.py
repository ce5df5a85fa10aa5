"""The tests' settings: the demo's openness, a fast password hasher, artefacts in a folder of their own."""

from pathlib import Path
from tempfile import gettempdir

from shopreco.settings.base import DATABASES, RECOMMENDATIONS, REST_FRAMEWORK
from shopreco.settings.dev import *

DEBUG = False
SECRET_KEY = "insecure-test-key-0123456789-0123456789-0123456789-0123456789"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests point the root at a folder of their own; nothing is written here. Those about searching say "auto".
RECOMMENDATIONS = {
    **RECOMMENDATIONS, "algorithm": "svd", "artefact_root": Path(gettempdir()) / "shopreco-tests-unset",
    "training_nice": 0,
}  # fmt: skip
# Many tests call from one address; those about limits set their own.
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {}}
LOGGING = {"version": 1, "disable_existing_loggers": False}
# Tests roll their transactions back: what waits for a commit would never come.
SHOPRECO_NOTE_AT_COMMIT = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # No test outlives a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = DATABASES["default"]["OPTIONS"]["init_command"].replace(
        "synchronous=NORMAL", "synchronous=OFF"
    )
