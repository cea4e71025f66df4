"""The app, put together from its routers."""

from http import HTTPStatus

from alerts.access.audit import Audited
from alerts.api import (
    acts,
    cap,
    cases,
    city,
    console,
    deliveries,
    health,
    incidents,
    kpi,
    problems,
    report,
    session,
    watching,
    windows,
)
from alerts.api.calling import Services
from alerts.api.description import Described

_PARTS = (
    acts, cases, deliveries, cap, windows, incidents, kpi, report, city, session, watching, health, console,
)  # fmt: skip


def create(services: Services) -> Described:
    """The app; without pages of documentation, for they load from elsewhere; /openapi.json is there."""
    app = Described(title="lifeline alerts", version="1", docs_url=None, redoc_url=None)
    app.state.services = services
    for part in _PARTS:
        app.include_router(part.router)
    problems.install(app)
    failed = problems.problem(HTTPStatus.INTERNAL_SERVER_ERROR, "it failed here, and was written to the log")
    app.add_middleware(Audited, pool=services.pool, failed=failed, secure=services.secure)
    return app
