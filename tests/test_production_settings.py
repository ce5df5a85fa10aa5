"""shopreco.settings.prod: it refuses to start insecure, and Django's own deployment check finds nothing."""

import secrets
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

GOOD = {"SECRET_KEY": secrets.token_urlsafe(60), "ALLOWED_HOSTS": "shop.example"}
DEMO_KEY = "insecure-demo-key-for-a-shop-on-localhost-only-0123456789"


@pytest.fixture
def start(tmp_path):
    """Runs Python with the production settings and exactly these variables."""

    def run(arguments, *, drop="", **variables):
        environment = {
            "PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "shopreco.settings.prod",
            "SHOPRECO_VAR_DIR": str(tmp_path), "REDIS_URL": f"unix://{tmp_path / 'nobody.sock'}",
            **GOOD, **variables,
        }  # fmt: skip
        environment.pop(drop, None)
        return subprocess.run(
            [sys.executable, *arguments], cwd=django_settings.BASE_DIR, env=environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


def value_of(start, expression, **variables):
    shown = start(["-c", f"from django.conf import settings; print({expression})"], **variables)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout.strip()


def test_the_deployment_check_is_clean(start):
    checked = start(["manage.py", "check", "--deploy", "--fail-level", "INFO"])
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("key", [DEMO_KEY, "short", "x" * 49, "insecure-" + "x" * 60])
def test_a_known_or_short_secret_key_is_refused_in_words(start, key):
    refused = start(["manage.py", "check"], SECRET_KEY=key)
    assert refused.returncode != 0
    assert "Set SECRET_KEY to 50 or more random characters of your own." in refused.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_what_has_no_safe_default_must_be_given(start, name):
    refused = start(["manage.py", "check"], drop=name)
    assert refused.returncode != 0
    assert name in refused.stderr


def test_nothing_in_the_environment_opens_the_shop_or_its_debug_pages(start):
    shown = value_of(
        start, "settings.DEBUG, settings.SHOPRECO_OPEN_API, settings.SHOPRECO_OPEN_LOOKUP",
        DEBUG="1", OPEN_API="1", OPEN_LOOKUP="1",
    )  # fmt: skip
    assert shown == "False False False"


def test_cookies_and_addresses_are_for_https_only(start):
    shown = value_of(
        start,
        "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT, "
        "settings.SECURE_HSTS_SECONDS >= 31536000",
    )
    assert shown == "True True True True"


def test_hosts_are_those_that_are_named(start):
    assert value_of(start, "settings.ALLOWED_HOSTS", ALLOWED_HOSTS="a.example,b.example") == (
        "['a.example', 'b.example']"
    )
