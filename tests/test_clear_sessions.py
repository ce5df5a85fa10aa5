"""Sessions that have run out are removed every night."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from shopreco.celery import app

pytestmark = pytest.mark.django_db


def test_the_beat_has_old_sessions_removed_and_no_others():
    for days in (-1, 1):
        Session.objects.create(session_key=f"key{days}", expire_date=timezone.now() + timedelta(days=days))
    app.loader.import_default_modules()  # as a worker does
    app.tasks[app.conf.beat_schedule["clear-sessions"]["task"]].apply()
    assert [session.session_key for session in Session.objects.all()] == ["key1"]
