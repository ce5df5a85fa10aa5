"""Model versions in the admin: how good each is beside the baselines, and which one is live."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from catalog.admin.common import ReadOnlyAdmin
from recommendations import charts, registry
from recommendations.admin.figures import (
    by_segment,
    challenger_words,
    comparison,
    measured,
    protocol_lines,
)
from recommendations.admin.search_table import search_table
from recommendations.admin.training import train_context
from recommendations.models import ModelVersion

SWITCH = "recommendations.change_modelversion"


def _beside_popularity(version: ModelVersion, name: str) -> SafeString | str:
    own = measured(version.metrics, name)
    popularity = measured(version.metrics, name, baseline="popularity")
    if own is None:
        return "–"
    if popularity is None:
        return charts.figure(own)
    return format_html(
        '{} <span class="quiet baseline">popularity {}</span>', charts.figure(own), charts.figure(popularity)
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "name", "live", "created_at", "age", "interactions", "ndcg", "recall", "rmse", "coverage",
    )  # fmt: skip
    list_display_links = ("name",)
    fields = (
        "live", "created_at", "published_at", "learned_from", "data_watermark", "change_watermark",
        "settings_used", "seed", "folder", "size", "sha256",
    )  # fmt: skip
    change_list_template = "admin/recommendations/modelversion/change_list.html"
    change_form_template = "admin/recommendations/modelversion/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("roll-back/", view(self.roll_back_view), name="recommendations_modelversion_roll_back"),
            path(
                "<int:version_id>/make-live/",
                view(self.make_live_view),
                name="recommendations_modelversion_make_live",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            **train_context(request, back="modelversion", now=timezone.now()),
            "older_version": self._older_version() if request.user.has_perm(SWITCH) else None,
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if version is not None:
            compared = comparison(version.metrics, title=f"{version} beside the baselines")
            segments = by_segment(version.metrics, title="NDCG by how much is known of a shopper")
            context = {
                "segments": charts.table(segments) if segments.rows else "",
                "segments_chart": charts.bar_chart(segments, ident="segments"),
                "challenger": challenger_words(version.metrics),
                "provisional": bool((version.metrics or {}).get("provisional")),
                "search": search_table((version.metrics or {}).get("chosen_by"), ident="search"),
                "may_make_live": request.user.has_perm(SWITCH) and not version.is_live,
                "chart": charts.bar_chart(compared, ident="comparison"),
                "figures": charts.table(compared) if compared.rows else "",
                "protocol": protocol_lines(version.metrics),
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def make_live_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Ask, then make the version live. Its files are verified first."""
        if not request.user.has_perm(SWITCH):
            raise PermissionDenied
        version = ModelVersion.objects.filter(pk=version_id).first()
        if version is None:
            raise Http404("There is no such model version; it may have made room for newer ones.")
        if request.method != "POST":
            return self._ask(
                request, title=f"Make {version} live?", confirm_label="Make live", target=version
            )
        try:
            registry.make_live(version, now=timezone.now())
        except registry.ArtefactError as error:
            messages.error(request, f"{version} was not made live: {error}")
        else:
            self.log_change(request, version, "Made live.")
            messages.success(request, f"{version} is live. The next page a shopper opens uses it.")
        return HttpResponseRedirect(reverse("admin:recommendations_modelversion_changelist"))

    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        """Ask, then make the version before the live one live again."""
        if not request.user.has_perm(SWITCH):
            raise PermissionDenied
        older = self._older_version()
        if request.method != "POST" and older is not None:
            return self._ask(request, title=f"Roll back to {older}?", confirm_label="Roll back", target=older)
        version = registry.roll_back(now=timezone.now()) if request.method == "POST" else None
        if version is None:
            messages.warning(request, "There is no earlier version whose files are whole to roll back to.")
        else:
            self.log_change(request, version, "Rolled back to.")
            messages.success(request, f"Rolled back: {version} is live again.")
        return HttpResponseRedirect(reverse("admin:recommendations_modelversion_changelist"))

    def _ask(
        self, request: HttpRequest, *, title: str, confirm_label: str, target: ModelVersion
    ) -> HttpResponse:
        live = registry.live_version()
        instead = f"It takes the place of {live}, which stays here." if live else "No model is live now."
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "explanation": f"{instead} Shoppers get their lists from it at once; no feedback is lost.",
            "confirm_label": confirm_label,
            "items": [target],
        }
        return TemplateResponse(request, "admin/confirm.html", context)

    @staticmethod
    def _older_version() -> ModelVersion | None:
        live = registry.live_version()
        return ModelVersion.objects.filter(pk__lt=live.pk).order_by("-pk").first() if live else None

    @admin.display(description="Version", ordering="pk")
    def name(self, version: ModelVersion) -> str:
        return str(version)

    @admin.display(description="Status", ordering="is_live")
    def live(self, version: ModelVersion) -> SafeString | str:
        return format_html('<span class="badge live">{}</span>', "live") if version.is_live else "not live"

    @admin.display(ordering="-created_at")
    def age(self, version: ModelVersion) -> str:
        return timesince(version.created_at, depth=1)

    @admin.display(ordering="interaction_count")
    def interactions(self, version: ModelVersion) -> str:
        return f"{version.interaction_count:,}"

    @admin.display(description="NDCG@10")
    def ndcg(self, version: ModelVersion) -> SafeString | str:
        return _beside_popularity(version, "ndcg@{k}")

    @admin.display(description="Recall@10")
    def recall(self, version: ModelVersion) -> SafeString | str:
        return _beside_popularity(version, "recall@{k}")

    @admin.display(description="RMSE")
    def rmse(self, version: ModelVersion) -> SafeString | str:
        return _beside_popularity(version, "rmse")

    @admin.display(description="Coverage")
    def coverage(self, version: ModelVersion) -> SafeString | str:
        return _beside_popularity(version, "coverage@{k}")

    @admin.display(description="Learned from")
    def learned_from(self, version: ModelVersion) -> str:
        return (
            f"{version.interaction_count:,} interactions of {version.shopper_count:,} shoppers "
            f"with {version.product_count:,} products"
        )

    @admin.display(description="Configuration")
    def settings_used(self, version: ModelVersion) -> SafeString:
        return format_html(
            '<pre class="config">{}</pre>', json.dumps(version.config, indent=2, sort_keys=True)
        )

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, version: ModelVersion) -> str:
        return filesizeformat(version.size_bytes)
