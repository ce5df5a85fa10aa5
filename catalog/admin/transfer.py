"""CSV export and import of products: preview first, then all rows or none."""

from __future__ import annotations

import base64
import binascii
import zlib
from datetime import timedelta
from importlib import import_module
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.results import Result
from import_export.tmp_storages import BaseStorage

from catalog.resources import ProductResource

LARGEST_FILE = 10 * 1024 * 1024
SHOWN_ROWS = 200
KEPT_FOR = timedelta(hours=1)
UNREADABLE = "This is not a CSV file in UTF-8. In a spreadsheet choose “Save as: CSV UTF-8” and upload that."


class Upload(BaseStorage):  # type: ignore[misc]
    """Keeps an uploaded file between its preview and its confirmation, in a session of its own.

    Sessions are in the database: every web machine finds the upload, it needs no Redis, and it expires
    by itself. Its random name is not the visitor's session, and names nothing but an upload.
    """

    @staticmethod
    def _session(key: str | None = None) -> SessionBase:
        store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(key)
        return store

    def save(self, data: bytes) -> None:
        session = self._session()
        session["upload"] = base64.b64encode(zlib.compress(data)).decode()
        session.set_expiry(KEPT_FOR)
        session.create()
        self.name = session.session_key

    def read(self) -> bytes | None:
        """The file's content; None when it has expired or never was."""
        try:
            return zlib.decompress(base64.b64decode(self._session(self.name)["upload"]))
        except (KeyError, binascii.Error, zlib.error):
            return None

    def remove(self) -> None:
        self._session(self.name).flush()


class SpreadsheetCsv(CSV):  # type: ignore[misc]
    """CSV as spreadsheets save it: in half of Europe with semicolons."""

    def create_dataset(self, in_stream: bytes | str, **kwargs: Any) -> Any:
        text = in_stream.decode("utf-8-sig") if isinstance(in_stream, bytes) else in_stream
        first_line = text.partition("\n")[0]
        kwargs.setdefault("delimiter", max(",;\t", key=first_line.count))
        return super().create_dataset(text, **kwargs)


class ProductImportForm(ImportForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["import_file"].widget.attrs["accept"] = ".csv,text/csv"
        self.fields["format"].widget = forms.HiddenInput()  # there is one

    def clean_import_file(self) -> Any:
        upload = self.cleaned_data["import_file"]
        if upload.size > LARGEST_FILE:
            raise forms.ValidationError(
                "The file is larger than 10 MB. Split it, or have it imported with “manage.py import_data”."
            )
        return upload


class ProductConfirmForm(ConfirmImportForm):  # type: ignore[misc]
    def clean_import_file_name(self) -> str:
        name: str = super().clean_import_file_name()
        if Upload(name=name).read() is None:
            raise forms.ValidationError("The uploaded file is no longer there. Upload it again.")
        return name

    def clean_format(self) -> str:
        return "0"  # there is one format; whatever the form says


class ProductTransfer(ImportExportMixin):  # type: ignore[misc]
    """Mixed into the product admin."""

    resource_classes = (ProductResource,)
    formats = (SpreadsheetCsv,)
    skip_export_form = True
    to_encoding = "utf-8-sig"  # the mark by which spreadsheets know UTF-8
    tmp_storage_class = Upload
    import_form_class = ProductImportForm
    confirm_form_class = ProductConfirmForm
    import_template_name = "admin/catalog/product/import.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "shown_rows": SHOWN_ROWS,
            "shown_rows_slice": f":{SHOWN_ROWS}",
            **super().get_import_context_data(**kwargs),
        }

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        form.add_error("import_file", UNREADABLE)

    def export_action(self, request: HttpRequest) -> HttpResponse:
        try:
            response: HttpResponse = super().export_action(request)
        except IncorrectLookupParameters:
            messages.error(request, "That filter is not known. Choose the filters anew, then export.")
            return HttpResponseRedirect(reverse("admin:catalog_product_changelist"))
        return response

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        if request.method != "POST" or not form.is_valid():
            for problems in form.errors.values():
                messages.error(request, " ".join(problems))
            return HttpResponseRedirect(reverse("admin:catalog_product_import"))
        response: HttpResponse = super().process_import(request, **kwargs)
        return response

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """Say what was done; or, when the shop changed since the preview, why nothing was."""
        if not (result.has_errors() or result.has_validation_errors()):
            response: HttpResponse = super().process_result(result, request)
            return response
        context = {
            **self.admin_site.each_context(request),
            **self.get_import_context_data(),
            "title": "Import",
            "form": self.import_form_class(
                self.get_import_formats(), self.get_import_resource_classes(request)
            ),
            "opts": self.model._meta,
            "result": result,
        }
        return TemplateResponse(request, [self.import_template_name], context)

    def add_success_message(self, result: Result, request: HttpRequest) -> None:
        added, changed = result.totals["new"], result.totals["update"]
        messages.success(
            request,
            f"Import finished: {added} added, {changed} changed, {result.totals['skip']} left as they were.",
        )
