"""People who use the admin, each with just the permissions a test gives them."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from recommendations import runs, training
from recommendations.models import ModelVersion, TrainingRun
from shopreco.models import User

_numbers = count(1)


def make_staff(*permissions: str, **fields: Any) -> User:
    """A staff member who may do what is named, such as "catalog.change_product"."""
    user = User.objects.create_user(username=f"staff-{next(_numbers)}", is_staff=True, **fields)
    for name in permissions:
        label, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def admin_client(*permissions: str) -> Client:
    """The browser of a staff member with these permissions; of a superuser when none is named."""
    return signed_in(make_staff(*permissions, is_superuser=not permissions))


def train(algorithm: str = "popularity") -> TrainingRun:
    """A real training, from the rows in the database to the registry."""
    run = runs.open_run(trigger=TrainingRun.Trigger.COMMAND, now=timezone.now(), algorithm=algorithm)
    assert run is not None
    done = training.work_on(run.pk, clock=timezone.now)
    assert done is not None
    return done


def make_version(**fields: Any) -> ModelVersion:
    """The row of a version without its files."""
    number = next(_numbers)
    fields.setdefault("algorithm", "svd")
    return ModelVersion.objects.create(
        folder=f"folder-{number}", sha256="0" * 64, data_watermark=timezone.now(), **fields
    )
