"""The group for those who look after the shop, made once; what an administrator changes of it stays."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db.models import Q

MERCHANDISERS = "Merchandisers"
ALL = ("add", "change", "delete", "view")
# No deletion of products: what is no longer sold is hidden, and its ratings go on teaching the model.
PERMISSIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("catalog", "product"): ("add", "change", "view"),
    ("catalog", "category"): ALL,
    ("recommendations", "merchandisingrule"): ALL,
    ("recommendations", "modelversion"): ("view",),
    ("recommendations", "trainingrun"): ("view",),
    ("feedback", "rating"): ("view",),
    ("feedback", "ratingchange"): ("view",),
    ("feedback", "event"): ("view",),
    ("feedback", "shopper"): ("view",),
}


def make_merchandisers(*, using: str, apps: Apps = installed, **_: Any) -> None:
    """After a migration or a flush: the group with its permissions, unless it is there already.

    Permissions are made after a migration too, app by app, and this app comes first: so the others'
    are made here. In a half-migrated database some are missing; then it is left to the next migration.
    """
    try:
        group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
        for label in {label for label, _ in PERMISSIONS}:
            create_permissions(installed.get_app_config(label), verbosity=0, using=using, apps=apps)
    except LookupError:
        return
    if group_model.objects.using(using).filter(name=MERCHANDISERS).exists():
        return
    wanted = Q()
    for (label, model), verbs in PERMISSIONS.items():
        codenames = [f"{verb}_{model}" for verb in verbs]
        wanted |= Q(content_type__app_label=label, codename__in=codenames)
    permissions = list(permission_model.objects.using(using).filter(wanted))
    if len(permissions) == sum(len(verbs) for verbs in PERMISSIONS.values()):
        group = group_model.objects.using(using).create(name=MERCHANDISERS)
        group.permissions.set(permissions)
