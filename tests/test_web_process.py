"""What a web process loads, and what only the worker needs."""

import subprocess
import sys

LOADS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shopreco.settings.dev"
import shopreco.wsgi, shopreco.urls
print("pandas" in sys.modules)
"""


def test_a_web_process_does_not_load_what_only_training_needs():
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"
