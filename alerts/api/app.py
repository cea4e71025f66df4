"""The app, put together from its routers."""

from fastapi import FastAPI

from alerts.api import acts, cap, cases, city, console, deliveries, health, incidents, me, problems, windows
from alerts.api.calling import Services


def create(services: Services) -> FastAPI:
    """The app; without pages of documentation, for they load from elsewhere; /openapi.json is there."""
    app = FastAPI(title="lifeline alerts", version="1", docs_url=None, redoc_url=None)
    app.state.services = services
    for part in (acts, cases, deliveries, cap, windows, incidents, city, me, health, console):
        app.include_router(part.router)
    problems.install(app)
    return app
