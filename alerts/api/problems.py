"""Errors of the API as problem+json (RFC 9457), and the limit on what it reads."""

from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.words import Word

MEDIA_TYPE = "application/problem+json"

LARGEST_BODY = 65_536
"""Bytes; a reason for an acknowledgement is a sentence."""

MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The body is no text that can be read.",
    HTTPStatus.UNAUTHORIZED: "Nobody whom we know: no live token or session, or no signature that holds.",
    HTTPStatus.FORBIDDEN: "Not for one of this role, or a session's write without its X-CSRF-Token.",
    HTTPStatus.NOT_FOUND: "There is none, or none that the caller may see.",
    HTTPStatus.CONFLICT: "Nothing was changed, and `detail` says why.",
    HTTPStatus.PRECONDITION_FAILED: "Somebody else was faster; `detail` says who. Nothing was changed.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The body has more than {LARGEST_BODY} bytes.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "`detail` names what was sent wrongly, and what was expected.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many calls at once.",
    HTTPStatus.SERVICE_UNAVAILABLE: "It cannot be done now; `detail` says why.",
}
"""What each status means wherever the API answers with it."""

_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", {"type": "string"}),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", {"type": "integer", "minimum": 1}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", {"type": "integer", "minimum": 1}),
}


class Problem(Word):
    """Why a call was refused, or failed (RFC 9457)."""

    type: str = Field(json_schema_extra={"format": "uri-reference"})
    title: str
    """What the status is called."""
    status: int = Field(ge=400, le=599)
    detail: str
    """What was wrong with this call, in a sentence."""


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a call that can be refused with these."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    made: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        answer = {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        if status in _HEADERS:
            name, of = _HEADERS[status]
            answer["headers"] = {name: {"schema": of}}
        made[str(status.value)] = answer
    return made


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document, and limit its request bodies."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(psycopg.OperationalError, _unavailable)
    app.add_middleware(LimitBody)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """One problem document."""
    content = Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(content.model_dump(), status, headers, media_type=MEDIA_TYPE)


class LimitBody:
    """Refuses a body that is too long as soon as that is known, whether or not its length was told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body watched."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        told = Headers(scope=scope).get("content-length", "0")
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes")
            return message

        if told.isdecimal() and int(told) > LARGEST_BODY:
            return await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes")(
                scope, receive, send
            )
        return await self._app(scope, limited, send)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, dict(error.headers or {}))


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place}: {first['msg']}")


async def _unavailable(_: Request, __: Exception) -> JSONResponse:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot be reached now", {"Retry-After": "2"})
