"""What a web process loads, and what only the worker needs."""

import os
import subprocess
import sys

from benchmarks.shop import PROJECT, manage

LOADS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shopreco.settings.dev"
os.environ["SHOPRECO_VAR_DIR"] = sys.argv[1]
import shopreco.wsgi, shopreco.urls
from django.db import connection
from recommendations.serving import index
print("pandas" in sys.modules, len(index._loaded), connection.connection)
"""


def loaded(folder):
    """(whether pandas is, how many models are, the open connection) in a web process just started."""
    command = [sys.executable, "-c", LOADS, str(folder)]
    # `manage` has filled the folder's own database, whatever the tests run on.
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=PROJECT, env=own)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_live_model_is_there_before_the_first_request_and_nothing_that_only_training_needs(tmp_path):
    manage(tmp_path, "migrate", "-v0")
    manage(tmp_path, "seed_demo", "--shoppers", "30", "--ratings", "400")
    manage(tmp_path, "train_model", "--algorithm", "item_knn")
    assert loaded(tmp_path) == ["False", "1", "None"]


def test_what_a_web_process_begins_with_is_left_alone_by_the_garbage_collection(tmp_path):
    for module in ("shopreco.wsgi", "shopreco.asgi"):
        code = f"import gc, {module}; print(gc.get_freeze_count(), len(gc.get_objects()))"
        own = os.environ | {
            "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "SHOPRECO_VAR_DIR": str(tmp_path),
        }  # fmt: skip
        own.pop("DATABASE_URL", None)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=PROJECT, env=own)
        assert done.returncode == 0, done.stderr
        frozen, looked_through = map(int, done.stdout.split())
        assert frozen > 50_000 > looked_through, module


def test_a_database_without_tables_does_not_keep_a_web_process_from_starting(tmp_path):
    assert loaded(tmp_path) == ["False", "0", "None"]
