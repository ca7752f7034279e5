"""The HTTP surface that nodes, Slack and balancers see: `listen`."""

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from gateway.doors.silence import SilentOnError
from gateway.observe.observer import Health
from gateway.setup.node_block import CHECK_PATH, EVENT_PATH


def public_app(
    callback: ASGIApp,
    events: ASGIApp,
    *,
    health: Health,
    now_ms: Callable[[], int],
    report: Callable[[Exception], None],
    slack: Sequence[BaseRoute],
) -> Starlette:
    """`POST /v2/check`, `/v2/event`; `GET /ping`, `/healthz`, `/readyz`; Slack's interactions."""

    async def ping(_request: HttpRequest) -> JSONResponse:
        return JSONResponse({"server": "countersign", "timestamp": str(now_ms())})

    app = Starlette(
        routes=[
            Route(CHECK_PATH, SilentOnError(callback, report=report)),
            Route(EVENT_PATH, SilentOnError(events, report=report)),
            Route("/ping", ping, methods=["GET"]),
            *health.routes(),
            *slack,
        ],
    )
    app.router.redirect_slashes = False
    return app
