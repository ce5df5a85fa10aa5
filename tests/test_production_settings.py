"""shopreco.settings.prod: it refuses to start insecure, and Django's own deployment check finds nothing."""

import hashlib
import re
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import starter
from shopreco.settings.safety import complaints

# Long and varied, and the same in every process of a run, since tests are named by their values.
KEY, OTHER_KEY = (hashlib.sha512(name).hexdigest() for name in (b"a key", b"another key"))
GOOD = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "shop.example"}
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
        return starter.python(arguments, environment)

    return run


def value_of(start, expression, **variables):
    shown = start(["-c", f"from django.conf import settings; print({expression})"], **variables)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout.strip()


def test_the_deployment_check_is_clean(start):
    checked = start(["manage.py", "check", "--deploy", "--fail-level", "INFO"])
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


def test_what_pages_are_made_of_is_collected_where_the_operator_says(start, tmp_path):
    collected = start(
        ["manage.py", "collectstatic", "--noinput", "-v0"], STATIC_ROOT=str(tmp_path / "collected")
    )
    assert collected.returncode == 0, collected.stderr
    assert (tmp_path / "collected" / "staticfiles.json").exists()
    assert value_of(start, "settings.STATIC_ROOT") == str(django_settings.BASE_DIR / "staticfiles")


REFUSED = [
    ({"SECRET_KEY": DEMO_KEY}, "Set SECRET_KEY to 50 or more random characters of your own"),
    ({"SECRET_KEY": "short"}, "Set SECRET_KEY"),
    ({"SECRET_KEY": OTHER_KEY[:49]}, "Set SECRET_KEY"),
    ({"SECRET_KEY": "insecure-" + OTHER_KEY}, "Set SECRET_KEY"),
    ({"SECRET_KEY": "ab" * 40}, "Set SECRET_KEY"),
    ({"SECRET_KEY": None}, "Set SECRET_KEY"),
    ({"SECRET_KEY_FALLBACKS": DEMO_KEY}, "Take the demo's key"),
    ({"MODEL_SIGNING_KEYS_OLD": f"{GOOD['SECRET_KEY']},{DEMO_KEY}"}, "Take the demo's key"),
    (
        {"SECRET_KEY_FALLBACKS": OTHER_KEY[:49]},
        "Take every key of fewer than 50 random characters out of SECR",
    ),
    ({"SECRET_KEY_FALLBACKS": f"{OTHER_KEY},a,"}, "out of SECRET_KEY_FALLBACKS"),
    (
        {"MODEL_SIGNING_KEYS_OLD": OTHER_KEY[:31]},
        "Take every key of fewer than 32 random characters out of MODEL",
    ),
    ({"MODEL_SIGNING_KEYS_OLD": "ab" * 40}, "out of MODEL_SIGNING_KEYS_OLD"),
    ({"MODEL_SIGNING_KEY": "short"}, "Set MODEL_SIGNING_KEY to 32 or more random characters"),
    ({"MODEL_SIGNING_KEY": DEMO_KEY}, "Set MODEL_SIGNING_KEY"),
    ({"ALLOWED_HOSTS": None}, "Set ALLOWED_HOSTS"),
    ({"ALLOWED_HOSTS": ""}, "Set ALLOWED_HOSTS"),
    ({"ALLOWED_HOSTS": "*"}, "Name the hosts in ALLOWED_HOSTS one by one"),
    ({"ALLOWED_HOSTS": "shop.example,*.example"}, "Name the hosts"),
    ({"ALLOWED_HOSTS": "https://shop.example"}, "not addresses such as https://shop.example"),
    ({"DEBUG": "1"}, "Unset DEBUG"),
    ({"DEBUG": "perhaps"}, "DEBUG"),
    ({"OPEN_API": "true"}, "Unset OPEN_API"),
    ({"OPEN_LOOKUP": "on"}, "Unset OPEN_LOOKUP"),
    ({"REDIS_URL": "redis://10.0.0.7:6379/0"}, "Set DATABASE_URL to a PostgreSQL server"),
]


@pytest.mark.parametrize(("variables", "words"), REFUSED, ids=lambda each: str(each)[:60])
def test_it_refuses_to_start_and_says_why_in_one_line(start, variables, words):
    dropped = next((name for name, value in variables.items() if value is None), "")
    given = {name: value for name, value in variables.items() if value is not None}
    refused = start(["manage.py", "check"], drop=dropped, **given)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith("ShopReco: ") and words in line
    assert not refused.stdout


def test_all_that_is_wrong_is_said_at_once(start):
    refused = start(["manage.py", "check"], SECRET_KEY="short", ALLOWED_HOSTS="*", DEBUG="1")
    assert len(refused.stderr.splitlines()) == 3


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:0", "shopreco.wsgi"],
        ["-m", "celery", "-A", "shopreco", "worker", "--pool", "solo"],
        ["-m", "celery", "-A", "shopreco", "beat"],
    ],
    ids=["web", "worker", "beat"],
)
def test_every_service_refuses(start, command):
    refused = start(command, OPEN_LOOKUP="1")
    assert refused.returncode != 0
    assert "Unset OPEN_LOOKUP" in refused.stdout + refused.stderr


@pytest.mark.parametrize("named", [None, ""], ids=["forgotten", "empty"])
@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import shopreco.wsgi"],
        ["-c", "import shopreco.asgi"],
        ["-m", "celery", "-A", "shopreco", "worker", "--pool", "solo"],
        ["-m", "celery", "-A", "shopreco", "beat"],
    ],
    ids=["wsgi", "asgi", "worker", "beat"],
)
def test_a_service_whose_settings_nobody_named_has_those_of_production_and_refuses(start, command, named):
    variables = {} if named is None else {"DJANGO_SETTINGS_MODULE": named}
    dropped = "DJANGO_SETTINGS_MODULE" if named is None else ""
    refused = start(command, drop=dropped, SECRET_KEY="", **variables)
    assert refused.returncode != 0
    assert "Set SECRET_KEY" in refused.stdout + refused.stderr


def test_the_demos_command_line_has_the_development_settings_where_none_are_named(start):
    code = "from django.conf import settings; print(settings.SETTINGS_MODULE)"
    command = ["manage.py", "shell", "--no-imports", "-c", code]
    shown = start(command, drop="DJANGO_SETTINGS_MODULE", SECRET_KEY="")
    assert shown.stdout.strip() == "shopreco.settings.dev", shown.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"DEBUG": "0", "OPEN_API": "false", "OPEN_LOOKUP": "off"},
        {"MODEL_SIGNING_KEY": OTHER_KEY[:32], "SECRET_KEY_FALLBACKS": OTHER_KEY},
        {"MODEL_SIGNING_KEYS_OLD": f"{OTHER_KEY[:32]},", "SECRET_KEY_FALLBACKS": f"{OTHER_KEY}, "},
        {"ALLOWED_HOSTS": ".shop.example,[::1]"},
        {"REDIS_URL": "redis://localhost:6379/0"},
        {"REDIS_URL": "redis://10.0.0.7:6379/0", "DATABASE_URL": "postgres://shop:secret@10.0.0.8/shop"},
    ],
    ids=str,
)
def test_it_starts_with_what_is_safe(start, variables):
    assert (
        value_of(
            start, "settings.DEBUG, settings.SHOPRECO_OPEN_API, settings.SHOPRECO_OPEN_LOOKUP", **variables
        )
        == "False False False"
    )


def test_the_image_can_be_built_with_them(start):
    """What the Dockerfile runs while there is no database, no Redis and no key yet."""
    text = (django_settings.BASE_DIR / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
    (line,) = re.findall(r"^RUN (SECRET_KEY=.*collectstatic --noinput)", text, re.MULTILINE)
    script = f'python() {{ {sys.executable} "$@"; }}; {line} --dry-run'
    command = ["-c", "import subprocess, sys; sys.exit(subprocess.call(['sh', '-c', sys.argv[1]]))", script]
    built = start(command, SECRET_KEY="", ALLOWED_HOSTS="")
    assert built.returncode == 0, built.stderr
    assert "static file" in built.stdout


SAFE: dict[str, Any] = {
    "secret_key": GOOD["SECRET_KEY"], "former_keys": [], "signing_key": "",
    "former_signing_keys": [], "hosts": ["shop.example"],
    "opened": [], "database_engine": "django.db.backends.sqlite3", "redis_url": "unix:///run/redis.sock",
}  # fmt: skip


@given(key=st.text(max_size=49) | st.text("abcd", min_size=50))
def test_no_short_or_simple_key_will_do(key):
    assert list(complaints(**{**SAFE, "secret_key": key}))


@given(host=st.text("*.", min_size=1) | st.from_regex(r"[a-z]*\*[a-z.]*", fullmatch=True))
def test_no_pattern_of_hosts_will_do(host):
    assert list(complaints(**{**SAFE, "hosts": ["shop.example", host]}))


@given(host=st.sampled_from(["localhost", "127.0.0.1", "[::1]"]), port=st.integers(1, 65535))
def test_a_redis_of_this_machine_goes_with_sqlite(host, port):
    for url in (f"redis://{host}:{port}/0", f"redis://:secret@{host}:{port}", "unix:///tmp/redis.sock?db=1"):
        assert not list(complaints(**{**SAFE, "redis_url": url}))


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
