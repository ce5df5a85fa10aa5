"""The panel at the top of the admin: how the shop's recommendations are doing, at one look."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.timesince import timesince

from catalog.models import Product
from feedback.selectors import rating_changes_after
from recommendations import background
from recommendations.admin.figures import measured
from recommendations.admin.training import active_run, last_seen_change, progress_context
from recommendations.conf import conf
from recommendations.models import TrainingRun
from recommendations.registry import live_version

register = template.Library()


@register.inclusion_tag("admin/recommendations/panel.html", takes_context=True)
def recommendations_panel(context: template.RequestContext) -> dict[str, Any]:
    """Shows each part only to those who may see the pages behind it."""
    user = context["request"].user
    panel: dict[str, Any] = {}
    if user.has_perm("recommendations.view_modelversion"):
        panel |= _model()
    if user.has_perm("recommendations.view_trainingrun"):
        panel |= progress_context(active_run(), now=timezone.now())
        latest = TrainingRun.objects.exclude(status__in=TrainingRun.ACTIVE).first()
        panel["alarm"] = latest if latest and latest.alarm else None
        gone_after = settings.SHOPRECO_WORKER_GONE_AFTER
        panel["background_trouble"] = background.look(gone_after=gone_after, now=timezone.now()).trouble
    if user.has_perm("catalog.view_product"):
        panel["products"] = Product.objects.aggregate(
            all=Count("pk"),
            sold_out=Count("pk", filter=Q(stock=0, is_active=True)),
            hidden=Count("pk", filter=Q(is_active=False)),
            never_rated=Count("pk", filter=Q(rating_count=0)),
        )
    return panel


def _model() -> dict[str, Any]:
    live = live_version()
    model: dict[str, Any] = {
        "shows_model": True,
        "live": live,
        "waiting": rating_changes_after(last_seen_change(live)),
        "threshold": conf().retrain_after_ratings,
    }
    if live is not None:
        model |= {
            "age": timesince(live.created_at, depth=1),
            "ndcg": measured(live.metrics, "ndcg@{k}"),
            "ndcg_popularity": measured(live.metrics, "ndcg@{k}", baseline="popularity"),
        }
    return model
