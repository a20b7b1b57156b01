"""No route without a permission, none beside the documents, none twice: read from the applications themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import Mount

from scripts.deployables import ROOT, application, deployables
from scripts.openapi_documents import document_of, operations
from shared.routing import GuardedRoute, Room
from tests.support.tokens import MATRIX

HEALTH = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
PUBLIC = {
    "gateway": {
        ("POST", "/v1/session"), ("POST", "/v1/session/refresh"), ("POST", "/v1/token"),
        ("GET", "/survey/{token}"), ("POST", "/survey/{token}"),
    } | HEALTH,
    "crm": {("POST", "/v1/surveys/{survey_id}/forms"), ("POST", "/v1/surveys/{survey_id}/responses")} | HEALTH,
}  # fmt: skip
"""What answers without a token: sign-in, refresh, a machine's token, a survey to whoever holds its link, and whether
the process lives and is ready."""
INTERNAL = "/internal/"
UNDOCUMENTED = HEALTH | {
    ("GET", "/openapi.json"), ("GET", "/asyncapi.json"), ("GET", "/survey/{token}"), ("POST", "/survey/{token}"),
}  # fmt: skip
FLOOR = 170


class MountFound(AssertionError):
    """A sub-application: its routes declare nothing."""


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, str | None]]:
    """Method, path and permission of every route, whatever router it stands in. Raises `MountFound`."""
    for context in iter_route_contexts(app.routes):
        endpoint = getattr(context, "endpoint", None)
        if endpoint is None:
            raise MountFound(context.path)
        for method in sorted(set(context.methods or {"WEBSOCKET"}) - {"HEAD"}):
            yield method, context.path, getattr(endpoint, "__permission__", "unguarded")


@pytest.mark.parametrize("name", deployables())
def test_every_route_declares_a_permission_of_the_matrix_or_is_listed_as_public(name: str) -> None:
    found = list(routes_of(application(name)))
    assert len({(method, path) for method, path, _ in found}) == len(found)
    open_ones = {(method, path) for method, path, may in found if may is None}
    assert open_ones <= PUBLIC.get(name, HEALTH)
    assert [one for one in found if one[2] == "unguarded"] == []
    unknown = [one for one in found if one[2] is not None and one[2] not in MATRIX.permissions]
    assert unknown == []


def test_there_are_at_most_ten_public_routes_and_no_fewer_routes_than_before() -> None:
    everything = [(name, *one) for name in deployables() for one in routes_of(application(name))]
    business = {(method, path) for _, method, path, may in everything if may is None} - HEALTH
    assert business == (PUBLIC["gateway"] | PUBLIC["crm"]) - HEALTH
    assert len(business | HEALTH) <= 10
    assert len([one for one in everything if one[3] is not None]) >= FLOOR


@pytest.mark.parametrize("name", deployables())
def test_routes_document_and_route_table_are_one_set(name: str) -> None:
    registered = {
        (method, path) for method, path, _ in routes_of(application(name)) if not path.startswith(INTERNAL)
    } - UNDOCUMENTED
    documented = {(method.upper(), path) for path, method, _ in operations(document_of(name))}
    assert registered == documented
    if name != "gateway":
        table = json.loads((ROOT / "gateway/forwarding/routes.json").read_text(encoding="utf-8"))
        forwarded = {(row["method"], row["path"]): row.get("permission") for row in table if row["service"] == name}
        assert set(forwarded) == registered
        declared = {(method, path): may for method, path, may in routes_of(application(name))}
        assert all(declared[one] == may for one, may in forwarded.items())


def test_the_forwarding_is_the_one_fallback_and_no_service_has_one() -> None:
    for name in deployables():
        fallback = application(name).router.default
        own = getattr(fallback, "__self__", None)
        assert (own is None) == (name == "gateway"), f"{name} answers what no route of it matches with {fallback}"


def test_a_route_without_permission_a_mount_and_a_route_on_the_application_are_found() -> None:
    with pytest.raises(TypeError, match="register routes through Room"):
        Room().add_api_route("/v1/forgotten", lambda: None, methods=["GET"])
    with pytest.raises(TypeError, match="may= or public=True"):
        Room().reads("/v1/forgotten", None)
    app = FastAPI()

    @app.get("/v1/slipped-by")
    def slipped_by() -> None:
        """Registered past every room."""

    assert ("GET", "/v1/slipped-by", "unguarded") in list(routes_of(app))
    app.router.routes.append(Mount("/below", Starlette()))
    with pytest.raises(MountFound):
        list(routes_of(app))


@pytest.mark.parametrize("name", deployables())
def test_every_documented_route_is_guarded_by_its_class(name: str) -> None:
    routes = [one.original_route for one in iter_route_contexts(application(name).routes)]
    api = [one for one in routes if isinstance(one, APIRoute) and one.include_in_schema]
    assert len(api) >= 10
    assert [one.path for one in api if not isinstance(one, GuardedRoute)] == []
