"""The OpenAPI description: what every call can be refused with follows from what the call takes."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from alerts.api.deliveries import Receipt
from alerts.api.problems import Problem, problems

_OURS = (Problem, Receipt)
"""What FastAPI does not find by itself: a call answers or reads it by hand."""

_OF_OTHERS = ("HTTPValidationError", "ValidationError")
"""FastAPI's own errors, none of which this API sends."""


class Described(FastAPI):
    """An app whose description tells of refusals too."""

    def openapi(self) -> dict[str, Any]:
        """The description; made once, for no call comes or goes while it is served."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def _completed(description: dict[str, Any]) -> dict[str, Any]:
    for path in description["paths"].values():
        for method, call in path.items():
            call["responses"] |= problems(*_refusals(method, call))
            for parameter in call.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
    schemas = description["components"]["schemas"]
    for model in _OURS:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
    for name in _OF_OTHERS:
        schemas.pop(name, None)
    return description


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out, not sent as null, which only the Python behind it knows."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return schema if len(kinds) != 1 else kinds[0]


def _refusals(method: str, call: Mapping[str, Any]) -> Iterator[HTTPStatus]:
    """What a call that takes this can be refused with, whatever it does."""
    places = {each["in"] for each in call.get("parameters", ())}
    if call.get("security"):
        yield HTTPStatus.UNAUTHORIZED
        yield HTTPStatus.SERVICE_UNAVAILABLE
    if {"HTTPBearer": []} in call.get("security", ()):
        yield HTTPStatus.TOO_MANY_REQUESTS
        if method != "get":
            yield HTTPStatus.FORBIDDEN
    if "path" in places:
        yield HTTPStatus.NOT_FOUND
    if any(each["name"] == "If-Match" for each in call.get("parameters", ())):
        yield HTTPStatus.PRECONDITION_FAILED
    if places or "requestBody" in call:
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if "requestBody" in call:
        yield HTTPStatus.BAD_REQUEST
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
