"""Every error of the API as application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import DataError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import set_rollback

from catalog.api.errors import FieldError, field_errors
from catalog.limits import CannotCountError
from shopreco.databases import RETRY_SECONDS, drop_dead_connections, is_not_now

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
ASK_FOR_ACCESS = "Send an API key in the header 'Authorization: Api-Key <secret>', or sign in as staff."
OUR_FAULT = "Something went wrong here; it has been logged. Try again, and tell the shop if it stays."
NO_DATABASE = "The database cannot do this right now. Try again in a few seconds."
NOT_COUNTED = "Requests cannot be counted right now, and this shop answers none uncounted. Try again soon."
NOT_STORABLE = "There is a value in the request that the database can neither store nor look for."
MENTIONED_ERRORS = 3


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large. Send fewer rows at a time."
    default_code = "too_large"


class Unavailable(exceptions.APIException):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = NO_DATABASE
    default_code = "unavailable"
    wait = RETRY_SECONDS


def problem_json(exc: Exception, context: dict[str, Any]) -> JsonResponse:
    """REST framework's exception handler: any exception -> a problem document, none leaks its inside."""
    request: Request = context["request"]
    fault = _as_api_exception(exc)
    if fault.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s %s failed", request.method, request.path, exc_info=exc)
        # What watches for failures hears of this one too, as of any other view's.
        got_request_exception.send(sender=type(context.get("view")), request=request._request)
    set_rollback()
    drop_dead_connections(exc)
    return _answer(fault, request)


def problem_outside(exc: Exception, request: HttpRequest) -> JsonResponse:
    """The same for what failed before or after the API's own view was at work, as in a middleware."""
    return _answer(_as_api_exception(exc), request)


def _answer(fault: exceptions.APIException, request: Request | HttpRequest) -> JsonResponse:
    return JsonResponse(
        _document(fault, request),
        status=int(fault.status_code),
        headers=_headers(fault),
        content_type=CONTENT_TYPE,
    )


def _as_api_exception(exc: Exception) -> exceptions.APIException:
    if isinstance(exc, exceptions.NotAuthenticated):
        exc.detail = exceptions.ErrorDetail(ASK_FOR_ACCESS, exc.default_code)
    if isinstance(exc, exceptions.APIException):
        return exc
    match exc:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation():
            return exceptions.ParseError("The request cannot be read.")
        case DjangoValidationError():
            return exceptions.ValidationError(_messages(exc))
        case DataError():
            return exceptions.ParseError(NOT_STORABLE)
        case CannotCountError():
            return Unavailable(NOT_COUNTED)
        case _:
            return Unavailable() if is_not_now(exc) else exceptions.APIException(OUR_FAULT)


def _messages(exc: DjangoValidationError) -> Any:
    return exc.message_dict if hasattr(exc, "error_dict") else exc.messages


def _document(fault: exceptions.APIException, request: Request | HttpRequest) -> dict[str, Any]:
    status = HTTPStatus(int(fault.status_code))
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": str(fault.detail),
        "instance": escape_uri_path(request.path),
        "code": getattr(fault.detail, "code", fault.default_code),
    }
    if isinstance(fault.detail, dict | list):
        errors = field_errors(fault.detail)
        document |= {"detail": _in_one_line(errors), "errors": errors}
    return document


def _in_one_line(errors: list[FieldError]) -> str:
    lines = [
        f"{error['field']}: {error['detail']}" if error["field"] else error["detail"] for error in errors
    ]
    more = len(lines) - MENTIONED_ERRORS
    return " ".join(lines[:MENTIONED_ERRORS]) + (f" And {more} more." if more > 0 else "")


def _headers(fault: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(fault, "auth_header", None):
        headers["WWW-Authenticate"] = str(auth_header)
    if wait := getattr(fault, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    return headers
