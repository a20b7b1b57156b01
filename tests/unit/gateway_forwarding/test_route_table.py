"""The matcher: one path is one service, what is odd is no path."""

from __future__ import annotations

import pytest

from gateway.forwarding.table import ForwardedRoute, RouteTable, committed, normalised, written
from shared.errors import MalformedRequest, MethodNotAllowed


def route(method: str, path: str, service: str = "claims") -> ForwardedRoute:
    return ForwardedRoute(path=path, method=method, service=service, permission="claims.claim.read")


def test_a_literal_goes_before_a_parameter_and_the_methods_of_both_are_allowed():
    table = RouteTable([route("GET", "/v1/claims/{id}"), route("POST", "/v1/claims/uploads")])
    place = table.find("/v1/claims/uploads")
    assert place is not None
    assert place.route("POST").path == "/v1/claims/uploads"
    assert place.route("GET").path == "/v1/claims/{id}"
    with pytest.raises(MethodNotAllowed) as refused:
        place.route("PUT")
    assert refused.value.response_headers() == {"Allow": "GET, POST"}


def test_a_parameter_is_one_whole_segment_and_never_empty():
    table = RouteTable([route("GET", "/v1/claims/{id}")])
    assert table.find("/v1/claims/7") is not None
    for path in ("/v1/claims/", "/v1/claims", "/v1/claims/7/", "/v1/claims/7/8", "/V1/claims/7", "v1/claims/7"):
        assert table.find(path) is None, path


def test_what_begins_like_a_longer_path_is_found_behind_a_parameter():
    table = RouteTable([route("GET", "/v1/a/b/{x}"), route("GET", "/v1/a/{y}/c")])
    found = [table.find(path) for path in ("/v1/a/b/c", "/v1/a/z/c", "/v1/a/b/d")]
    assert [one and one.route("GET").path for one in found] == ["/v1/a/b/{x}", "/v1/a/{y}/c", "/v1/a/b/{x}"]


def test_one_path_of_two_services_is_no_table():
    with pytest.raises(ValueError, match="taken by policy"):
        RouteTable([route("GET", "/v1/x/{a}", "policy"), route("POST", "/v1/x/{b}", "claims")])
    with pytest.raises(ValueError, match="taken by claims"):
        RouteTable([route("GET", "/v1/x/{a}"), route("GET", "/v1/x/{b}")])
    with pytest.raises(ValueError, match="literal or one parameter"):
        RouteTable([route("GET", "/v1/x/{a:path}")])


def test_a_row_without_permission_that_is_not_public_is_refused():
    with pytest.raises(KeyError):
        ForwardedRoute.of({"path": "/v1/x", "method": "GET", "service": "claims"})
    with pytest.raises(KeyError):
        ForwardedRoute.of(
            {"path": "/v1/x", "method": "GET", "service": "claims", "public": True, "permission": "claims.claim.read"}
        )


@pytest.mark.parametrize(
    "raw",
    [
        b"/v1/../internal", b"/v1/%2e%2e/internal", b"/v1/./claims", b"/v1//claims", b"//v1/claims", b"/v1%2fclaims",
        b"/v1/a%2Fb", b"/v1/a%5cb", b"/v1/a\\b", b"/v1/a%00b", b"/v1/a;x=1", b"/v1/a%3bx", b"/v1/a%252fb", b"/v1/a%",
        b"/v1/a%zz", b"/v1/a%ff", b"/v1/a%0d%0ab", b"/v1/a b", b"/v1/a\x80", b"v1/claims", b"", b"*", b"/v1/a%7f",
        b"/v1/a%c0%af",
    ],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_no_path(raw: bytes):
    with pytest.raises(MalformedRequest):
        normalised(raw)


def test_escapes_are_undone_once_and_written_in_one_way():
    assert normalised(b"/v1/core/policies/PLL%E6%AC%A72026%2d32") == "/v1/core/policies/PLL欧2026-32"
    assert written("/v1/core/policies/PLL欧2026-32") == "/v1/core/policies/PLL%E6%AC%A72026-32"
    assert written(normalised(b"/v1/a%20b")) == "/v1/a%20b"


def test_the_committed_table_names_no_internal_path_and_states_what_each_route_needs():
    routes = committed().routes
    assert len(routes) >= 60
    assert all(one.path.startswith("/v1/") for one in routes)
    # a survey is open to whoever holds its link, and nothing else is open
    assert {one.path.rpartition("/")[0] for one in routes if one.permission is None} == {"/v1/surveys/{survey_id}"}
    stated = [one for one in routes if one.amount is not None]
    assert "/v1/claims/{claim_id}/approvals" in {one.path for one in stated}
