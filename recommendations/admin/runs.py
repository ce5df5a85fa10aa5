"""Training runs in the admin: what came of each, the one under way, and the button that starts one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.common import ReadOnlyAdmin, admin_link
from recommendations import triggers
from recommendations.admin.search_table import search_table
from recommendations.admin.training import (
    TRAIN,
    TrainForm,
    active_run,
    duration,
    progress_context,
    train_context,
)
from recommendations.models import TrainingRun


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "state",
        "outcome",
        "progress",
        "took",
        "trigger",
        "algorithm_used",
        "version_link",
    )
    list_filter = ("status", "trigger")
    list_select_related = ("version",)
    list_per_page = 50
    search_fields = ("outcome", "algorithm")
    date_hierarchy = "created_at"
    fields = (
        "state", "progress", "outcome", "trigger", "requested_by", "algorithm_used", "version_link",
        "created_at", "started_at", "finished_at", "took",
    )  # fmt: skip
    change_list_template = "admin/recommendations/trainingrun/change_list.html"
    change_form_template = "admin/recommendations/trainingrun/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("train/", view(self.train_view), name="recommendations_trainingrun_train"),
            path(
                "<int:run_id>/progress/",
                view(self.progress_view),
                name="recommendations_trainingrun_progress",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = train_context(request, back="trainingrun", now=timezone.now())
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        context = progress_context(run, now=timezone.now()) if run is not None and run.is_active else {}
        if run is not None:
            context["search"] = search_table(run.search, ident="search")
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def train_view(self, request: HttpRequest) -> HttpResponse:
        """Queue a training, or say which one is in its way."""
        if not request.user.has_perm(TRAIN):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = TrainForm(request.POST)
        back = "modelversion" if request.POST.get("back") == "modelversion" else "trainingrun"
        if form.is_valid():
            self._train(request, form.cleaned_data["algorithm"])
        else:
            problems = [str(problem) for problems in form.errors.values() for problem in problems]
            messages.error(request, " ".join(problems))
        return HttpResponseRedirect(reverse(f"admin:recommendations_{back}_changelist"))

    def _train(self, request: HttpRequest, algorithm: str) -> None:
        run = triggers.request_training(
            trigger=TrainingRun.Trigger.ADMIN,
            now=timezone.now(),
            algorithm=algorithm,
            requested_by=request.user,
        )
        if run is not None:
            self.log_addition(request, run, "Asked for a training.")
            messages.success(request, f"Training {run.pk} is queued. A worker picks it up in a moment.")
            return
        other = active_run()
        which = (
            f"Training {other.pk} is {other.get_status_display()} already" if other else "One was under way"
        )
        messages.warning(request, f"{which}: there is one training at a time. Try again when it has ended.")

    def progress_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The panel's inside, asked for every two seconds; the page is loaded anew when the run has ended."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(TrainingRun, pk=run_id)
        context = progress_context(run, now=timezone.now())
        response = TemplateResponse(request, "admin/recommendations/trainingrun/progress.html", context)
        if not run.is_active:
            response["HX-Refresh"] = "true"
        return response

    @admin.display(description="Training", ordering="pk")
    def number(self, run: TrainingRun) -> str:
        return f"Training {run.pk}"

    @admin.display(description="Status", ordering="status")
    def state(self, run: TrainingRun) -> SafeString:
        return format_html('<span class="badge {}">{}</span>', run.status, run.get_status_display().lower())

    @admin.display(description="Algorithm", ordering="algorithm")
    def algorithm_used(self, run: TrainingRun) -> str:
        return run.algorithm or "the shop's setting"

    @admin.display(ordering="percent")
    def progress(self, run: TrainingRun) -> SafeString | str:
        if not run.is_active:
            return f"{run.percent} %"
        return format_html(
            '<progress max="100" value="{0}" aria-label="{0} percent">{0} %</progress> '
            '<span class="quiet">{1}, {0} %</span>',
            run.percent, run.stage,
        )  # fmt: skip

    @admin.display(description="Duration")
    def took(self, run: TrainingRun) -> str:
        return duration(run, now=timezone.now())

    @admin.display(description="Model version", ordering="version")
    def version_link(self, run: TrainingRun) -> SafeString | str:
        return admin_link(run.version)
