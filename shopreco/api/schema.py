"""What the schema says of every route alike: the problem documents it may answer with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from shopreco.api.problems import CONTENT_TYPE

METHODS = {"get", "put", "post", "patch", "delete"}
COMPONENT = "Problem"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong, by RFC 9457.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Bad Request"]},
        "status": {"type": "integer", "examples": [400]},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The address asked for."},
        "code": {
            "type": "string",
            "description": "The kind of problem, for programs.",
            "examples": ["invalid"],
        },
        "errors": {
            "type": "array",
            "description": "For bad input: what is wrong with which parameter or field.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: the Problem component, and the statuses it comes with."""
    result.setdefault("components", {}).setdefault("schemas", {})[COMPONENT] = PROBLEM
    for address, path in result["paths"].items():
        for method, operation in path.items():
            if method in METHODS:
                _complete(operation["responses"], _statuses(address, operation))
    return result


def _complete(responses: dict[str, Any], statuses: list[HTTPStatus]) -> None:
    for number, response in responses.items():
        response["description"] = response["description"] or HTTPStatus(int(number)).phrase
        if int(number) >= HTTPStatus.BAD_REQUEST:
            response.setdefault("content", _problem_content())
    for status in statuses:
        responses.setdefault(str(int(status)), {"description": status.phrase, "content": _problem_content()})


def _statuses(address: str, operation: dict[str, Any]) -> list[HTTPStatus]:
    statuses = [HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.INTERNAL_SERVER_ERROR]
    if operation.get("parameters") or "requestBody" in operation:
        statuses.append(HTTPStatus.BAD_REQUEST)
    if operation.get("security"):
        statuses += [
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ]
    if "{sku}" in address:
        statuses.append(HTTPStatus.NOT_FOUND)
    if "requestBody" in operation:
        statuses += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    return sorted(statuses)


def _problem_content() -> dict[str, Any]:
    return {CONTENT_TYPE: {"schema": {"$ref": f"#/components/schemas/{COMPONENT}"}}}
