"""Which settings a process runs with: those that DJANGO_SETTINGS_MODULE names, else production's.

Whoever forgets to name them gets a refusal, not an open shop. The demo's ways in, `manage.py` and `make run`,
name the development settings themselves.
"""

import os

DEVELOPMENT, PRODUCTION = "shopreco.settings.dev", "shopreco.settings.prod"
# What was named before the shop's package was imported.
NAMED = os.environ.get("DJANGO_SETTINGS_MODULE", "")


def name_settings() -> None:
    """Have Django find production's settings where none are named."""
    os.environ["DJANGO_SETTINGS_MODULE"] = NAMED or PRODUCTION
