"""The gateway over HTTP: `uvicorn gateway.app:create_app --factory
--http gateway.forwarding.client_connection:ClientConnection --ws none --no-proxy-headers --no-server-header
--timeout-keep-alive 30 --timeout-graceful-shutdown 10`.

request in → trace and request id → edge (framing, headers, path, rate) → forwarding, else the framework and own rooms
answer out ← access line and metrics ← rate headers ← problem answers ←

The flags are part of the design: the parser of the connection refuses framing that others let through, and no header
names the caller's address unless `trusted_proxies` names the peer.
"""

from __future__ import annotations

from fastapi import FastAPI

from gateway.audit import routes as audit
from gateway.authority import routes as authority
from gateway.authority.tables import AuthorityTableRow
from gateway.catalogue import routes as catalogue
from gateway.consumers import EVENT_TYPES
from gateway.delegation import routes as delegation
from gateway.delegation.tables import DelegationRow
from gateway.directives import routes as directives
from gateway.directives.tables import Directive
from gateway.directory import routes as directory
from gateway.feed import routes as feed
from gateway.feed.live import end_with_process
from gateway.forwarding.install import counted, install_forwarding
from gateway.forwarding.table import RouteTable
from gateway.identity import routes as identity
from gateway.identity.callers import authenticate, install
from gateway.organisation import routes as organisation
from gateway.organisation.tables import Person, UnitRow
from gateway.settings import GatewaySettings
from gateway.structure import routes as structure
from gateway.survey_page import routes as survey_page
from gateway.webhooks.routes import webhook_room
from gateway.webhooks.tables import Webhook
from gateway.workbench import routes as workbench
from shared.records import record_routes
from shared.routing import Room
from shared.service import build_app


def rooms(settings: GatewaySettings) -> tuple[Room, ...]:
    """The gateway's own routes."""
    return (
        identity.room,
        organisation.room,
        structure.room,
        directives.room,
        authority.room,
        delegation.room,
        directory.room,
        record_routes(UnitRow, "/v1/units", read="organisation.unit.read"),
        record_routes(Person, "/v1/people", read="organisation.person.read"),
        record_routes(DelegationRow, "/v1/delegations", read="organisation.delegation.read"),
        record_routes(Directive, "/v1/directives", read="organisation.directive.read"),
        record_routes(AuthorityTableRow, "/v1/authority-tables", read="organisation.authority.read"),
        workbench.room,
        feed.room,
        webhook_room(EVENT_TYPES),
        record_routes(Webhook, "/v1/webhooks", read="organisation.webhook.read"),
        audit.room,
        survey_page.room,
        catalogue.room,
        catalogue.document_room(public=settings.docs),
        *((catalogue.page_room(),) if settings.docs else ()),
    )


def create_app(settings: GatewaySettings | None = None, *, routes: RouteTable | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment, without `routes` from the committed table."""
    chosen = settings or GatewaySettings()  # type: ignore[call-arg]
    app = build_app("gateway", chosen, rooms(chosen), authenticate=counted(authenticate))
    install(app, chosen)
    install_forwarding(app, chosen, routes)
    end_with_process(app)
    return app
