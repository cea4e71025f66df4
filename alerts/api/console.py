"""The operator's page and what belongs to it, served out of memory: some forty small files a load."""

import hashlib
import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

# What may be loaded, and from where: from here only, and nothing that stands inside the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FOLDER = Path(str(files("alerts") / "console"))
_VIEWS = (
    "/", "/alerts/{alert_id}", "/map", "/assets/{asset_id}", "/incidents", "/incidents/{incident_id}",
    "/shelf", "/windows", "/deliveries", "/history", "/kpi", "/audit", "/login",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    headers: dict[str, str]
    """Asked for again at each load, so that a new version is seen at once; what has not changed is a 304."""


def _read(path: Path) -> _File:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    tag = f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"'
    return _File(content, kind, {"ETag": tag, "Cache-Control": "no-cache"})


_FILES = {
    path.relative_to(_FOLDER).as_posix(): _read(path)
    for path in sorted(_FOLDER.rglob("*"))
    if path.suffix in {".css", ".js", ".svg"}
}


def _written() -> str:
    """The page, which asks for all modules at once: else each is found only in the one that imports it."""
    links = (f'<link rel="modulepreload" href="/static/{name}">' for name in _FILES if name.endswith(".js"))
    page = (_FOLDER / "index.html").read_text(encoding="utf-8")
    return page.replace("<!-- modules -->", "\n".join(links))


_PAGE = _written()


async def _page() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})


for _path in _VIEWS:
    router.add_api_route(_path, _page, methods=["GET"], response_class=HTMLResponse)


@router.get("/static/{name:path}")
async def static(name: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """One file of the page."""
    file = _FILES.get(name)
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no file {name}")
    if if_none_match == file.headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=file.headers)
    return Response(file.content, media_type=file.media_type, headers=file.headers)
