"""Imported before the shop's own modules by what measures them outside a running shop."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopreco.settings.dev")
django.setup()
