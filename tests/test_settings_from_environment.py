"""What the settings make of variables: empty ones, lists, and folders with unusual names."""

import json
import os

import pytest
from django.conf import settings as django_settings

from benchmarks import starter
from shopreco.settings.environment import Environment

READ = """
import json
from django.conf import settings as of
print(json.dumps({
    "var": str(of.VAR_DIR), "models": str(of.RECOMMENDATIONS["artefact_root"]), "redis": of.REDIS_URL,
    "cache": of.CACHES["default"]["LOCATION"], "broker": of.CELERY_BROKER_URL,
    "database": str(of.DATABASES["default"]["NAME"]), "hosts": of.ALLOWED_HOSTS,
    "currency": of.SHOPRECO_CURRENCY, "half_lives": of.RECOMMENDATIONS["half_life_days"],
    "timeout": of.SHOPRECO_DB_TIMEOUTS["lock_timeout"],
}))
"""
EMPTY = dict.fromkeys(
    ("MODEL_DIR", "REDIS_URL", "DATABASE_URL", "ALLOWED_HOSTS", "LOG_LEVEL", "DB_LOCK_TIMEOUT", "OPEN_API"),
    "",
)


@pytest.fixture
def settings_with(tmp_path):
    """What a process of the development settings has with exactly these variables."""

    def read(**variables):
        environment = {
            "PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev",
            "SHOPRECO_VAR_DIR": str(tmp_path), "TMPDIR": str(tmp_path), **variables,
        }  # fmt: skip
        done = starter.python(["-c", READ], environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return read


def test_an_empty_variable_means_the_default(settings_with):
    assert settings_with(**EMPTY) == settings_with()


def test_an_empty_data_folder_is_not_the_one_the_shop_was_started_in(settings_with):
    told = settings_with(SHOPRECO_VAR_DIR="", DATABASE_URL="sqlite://:memory:")
    assert told["var"] == str(django_settings.BASE_DIR / "var")
    assert told["models"] == str(django_settings.BASE_DIR / "var" / "models")


def test_without_an_address_cache_and_broker_are_the_embedded_redis(settings_with):
    told = settings_with(REDIS_URL=" ")
    assert told["redis"].startswith("unix:///")
    assert told["cache"] == told["redis"]
    assert told["broker"].startswith("redis+socket:///")


def test_no_currency_and_no_signal_that_ages_are_values(settings_with):
    told = settings_with(CURRENCY="", HALF_LIFE_DAYS="")
    assert (told["currency"], told["half_lives"]) == ("", {})


@pytest.mark.parametrize("name", ["a#b", "a?b=1", "a b", "a%20b", "ä"])
def test_the_database_lies_in_the_data_folder_whatever_that_is_called(settings_with, tmp_path, name):
    told = settings_with(SHOPRECO_VAR_DIR=str(tmp_path / name))
    assert told["database"] == str(tmp_path / name / "db.sqlite3")


def test_hosts_are_found_between_spaces_and_commas(settings_with):
    assert settings_with(ALLOWED_HOSTS=" a.example, b.example,")["hosts"] == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("old,", ["old"]),
        (",old", ["old"]),
        ("a, b", ["a", "b"]),
        ("\ta ,, b\n", ["a", "b"]),
        (" , ", []),
        ("", ["default"]),
        ("  ", ["default"]),
    ],
)
def test_a_list_has_no_empty_words_and_no_spaces_around_them(monkeypatch, text, words):
    monkeypatch.setenv("SOME_WORDS", text)
    assert Environment().listed("SOME_WORDS", ["default"]) == words


def test_an_empty_variable_goes_before_no_other_but_the_default(monkeypatch):
    monkeypatch.setenv("SOME_NUMBER", "")
    assert Environment().int("SOME_NUMBER", 7) == 7
    assert os.environ["SOME_NUMBER"] == ""
