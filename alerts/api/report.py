"""The duty report of a day or a month."""

import asyncio
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from alerts.api.calling import Calling, Using
from alerts.duty import page
from alerts.duty.counted import counted
from alerts.duty.forms import Form, file_name, render
from alerts.duty.period import NoPeriodError, Span
from alerts.duty.read import read
from alerts.tables import Language

router = APIRouter(prefix="/api")

# A month of a large city is much to read: reports are made one after the other, on one connection.
_in_turn = asyncio.Lock()

_TYPES = {Form.HTML: "text/html; charset=utf-8", Form.CSV: "text/csv; charset=utf-8"}


@router.get(
    "/report/{span}/{name}",
    response_class=Response,
    responses={HTTPStatus.OK.value: {"content": {"text/html": {}, "text/csv": {}}}},
)
async def report(
    using: Using,
    caller: Calling,
    span: Span,
    name: Annotated[str, Path(pattern=r"^\d{4}-\d{2}(-\d{2})?$")],
    form: Annotated[Form, Query(alias="format")] = Form.HTML,
    language: Language = "zh",
) -> Response:
    """The duty report of a day (2026-01-31) or month (2026-01) by local time; a utility: its own assets."""
    async with _in_turn, using.pool.connection() as connection:
        try:
            positions = using.recorder.policy.operator_positions
            facts = await read(connection, span, name, positions, caller.utility)
        except NoPeriodError as error:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{span}: {error}") from None
    content = await asyncio.to_thread(lambda: render(counted(facts), language, form))
    shown = "inline" if form is Form.HTML else "attachment"
    headers = {
        "Content-Security-Policy": page.POLICY,
        "Content-Disposition": f'{shown}; filename="{file_name(facts.period, language, form)}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=_TYPES[form], headers=headers)
