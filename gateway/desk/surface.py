"""The HTTP surface of this machine's operators: `operator_listen`."""

from starlette.applications import Starlette

from gateway.desk.api import Desk
from gateway.observe.observer import Observer


def operator_app(desk: Desk, observer: Observer) -> Starlette:
    """The desk behind its cookie; `GET /metrics` and the health routes for monitoring."""
    return Starlette(routes=[*desk.routes(), observer.metrics_route(), *observer.health.routes()])
