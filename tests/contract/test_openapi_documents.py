"""What is written down about the interface equals the code, and the parts equal each other."""

from __future__ import annotations

import hashlib
import json
from functools import cache

import pytest

from scripts import openapi_documents
from scripts.contracts import contracts, differences
from scripts.deployables import ROOT, deployables
from scripts.openapi_documents import PathClash, merged, routes
from scripts.operation_examples import operations
from scripts.operation_ids import OperationIdChanged, refuse_changed

FLOOR = 80
"""So many operations there are at least; a table that lost its routes must not pass."""


@cache
def generated() -> dict:
    return contracts()


@cache
def committed(name: str) -> dict:
    return json.loads((ROOT / f"docs/openapi/{name}.json").read_text(encoding="utf-8"))


def test_every_generated_file_is_as_the_code_writes_it():
    found = differences(generated())
    assert not found, "run `make contracts`: " + "; ".join(found)


def test_a_changed_a_missing_and_a_left_over_file_are_named(tmp_path):
    for path, body in generated().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(body)
    assert differences(generated(), tmp_path) == []
    (tmp_path / "docs/openapi/gateway.json").write_bytes(b"{}")
    (tmp_path / "gateway/forwarding/routes.json").unlink()
    (tmp_path / "docs/events/claims.claim.forgotten.v1.json").write_bytes(b"{}")
    assert differences(generated(), tmp_path) == [
        "docs/openapi/gateway.json differs",
        "gateway/forwarding/routes.json is missing",
        "docs/events/claims.claim.forgotten.v1.json is left over",
    ]


def test_the_route_table_holds_exactly_the_services_operations():
    table = json.loads((ROOT / "gateway/forwarding/routes.json").read_text(encoding="utf-8"))
    named = {(row["method"], row["path"], row["service"]) for row in table}
    declared = {
        (method.upper(), path, name)
        for name in deployables()
        if name != "gateway"
        for path, method, _ in operations(committed(name))
    }
    assert named == declared
    assert len(named) == len(table) >= FLOOR


@pytest.mark.parametrize("name", deployables())
def test_every_operation_declares_its_permission_and_its_refusals(name: str):
    public = {
        ("gateway", "/v1/session"), ("gateway", "/v1/session/refresh"), ("gateway", "/v1/token"),
        # whoever holds the link of a survey is known by nothing else
        ("crm", "/v1/surveys/{survey_id}/forms"), ("crm", "/v1/surveys/{survey_id}/responses"),
    }  # fmt: skip
    found = list(operations(committed(name)))
    assert found
    for path, method, operation in found:
        place = f"{method} {path}"
        permission = operation.get("x-permission", "")
        assert permission or ((name, path) in public and method == "post"), place
        assert operation["security"] == ([{"bearer": []}] if permission else []), place
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Refusal"}, place
        assert "422" not in operation["responses"], place


def test_permissions_are_those_of_the_service_and_exist():
    from tests.support.tokens import MATRIX

    for name in deployables():
        audience = "organisation" if name == "gateway" else name
        for path, method, operation in operations(committed(name)):
            permission = operation.get("x-permission")
            if permission is not None:
                assert permission in MATRIX.permissions, f"{method} {path}: {permission}"
                assert permission.startswith(f"{audience}."), f"{method} {path}: {permission}"


def test_the_merged_document_holds_every_operation_once_and_no_reference_leads_nowhere():
    document = json.loads((ROOT / "gateway/catalogue/openapi.json").read_text(encoding="utf-8"))
    assert document["openapi"] == "3.1.0"
    whole = sum(1 for _ in operations(document))
    assert whole == sum(1 for name in deployables() for _ in operations(committed(name)))
    ids = [one["operationId"] for _, _, one in operations(document)]
    assert len(set(ids)) == len(ids)
    schemas = document["components"]["schemas"]
    assert set(openapi_documents._references(document)) <= set(schemas)


def test_components_of_one_name_and_other_content_are_kept_apart():
    def service(kind: str, path: str) -> dict:
        answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outer"}}}}
        get = {"operationId": f"read_{kind}", "responses": {"200": answer}, "x-permission": "x"}
        return {
            "paths": {path: {"get": get}},
            "components": {
                "schemas": {
                    "Inner": {"type": kind},
                    "Outer": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}},
                    "Same": {"type": "null"},
                }
            },
        }

    document = merged({"policy": service("string", "/v1/a"), "claims": service("integer", "/v1/b")})
    schemas = document["components"]["schemas"]
    assert set(schemas) == {"PolicyInner", "ClaimsInner", "PolicyOuter", "ClaimsOuter", "Same"}
    assert schemas["ClaimsOuter"]["items"] == {"$ref": "#/components/schemas/ClaimsInner"}
    answer = document["paths"]["/v1/b"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/ClaimsOuter"}


def test_one_id_for_two_operations_stops_the_writing():
    def service(path: str) -> dict:
        return {"paths": {path: {"get": {"operationId": "read", "responses": {}}}}, "components": {"schemas": {}}}

    with pytest.raises(PathClash):
        merged({"policy": service("/v1/a"), "claims": service("/v1/b")})


def test_the_id_of_an_operation_stays_what_it_was():
    before = {"claims_report_claim": "POST /v1/claims", "sign_in": "POST /v1/session"}
    refuse_changed(before, {**before, "new_one": "GET /v1/new"})
    for now in ({**before, "sign_in": "POST /v1/sign-in"}, {"sign_in": "POST /v1/session"}):
        with pytest.raises(OperationIdChanged):
            refuse_changed(before, now)


def test_ids_of_a_service_begin_with_its_name_so_that_no_other_can_change_them():
    for name in deployables():
        ids = [one["operationId"] for _, _, one in operations(committed(name))]
        assert len(ids) == len(set(ids)) > 0
        assert name == "gateway" or all(one.startswith(f"{name}_") for one in ids)


def test_the_route_table_states_the_limits_and_the_repetition_of_each_route():
    table = json.loads((ROOT / "gateway/forwarding/routes.json").read_text(encoding="utf-8"))
    keyed = {
        (method.upper(), path)
        for name in deployables()
        for path, method, one in operations(committed(name))
        if any(each["name"] == "Idempotency-Key" for each in one.get("parameters", ()))
    }
    for row in table:
        assert row["timeout_s"] > 0
        assert row["max_bytes"] > 0
        assert (row.get("idempotency") == "key") == ((row["method"], row["path"]) in keyed), row
    assert sum(row.get("idempotency") == "key" for row in table) >= 40


def test_one_path_of_two_services_stops_the_writing():
    item = {"get": {"operationId": "read", "responses": {}}}
    two = {
        "policy": {"paths": {"/v1/x/{a}": item}, "components": {"schemas": {}}},
        "crm": {"paths": {"/v1/x/{b}": item}, "components": {"schemas": {}}},
    }
    with pytest.raises(PathClash):
        merged(two)
    with pytest.raises(PathClash):
        routes(two)


def test_every_problem_code_has_both_languages_and_one_status():
    problems = json.loads((ROOT / "gateway/catalogue/data/problems.json").read_text(encoding="utf-8"))
    codes = [one["code"] for one in problems]
    assert len(codes) == len(set(codes)) >= 60
    for one in problems:
        assert all(one[part][language] for part in ("title", "detail") for language in ("zh", "en")), one["code"]
        assert 400 <= one["status"] <= 599


def test_the_vendored_page_is_the_file_that_was_taken_over():
    folder = ROOT / "gateway/catalogue/static"
    taken = json.loads((folder / "scalar.json").read_text(encoding="utf-8"))
    assert hashlib.sha256((folder / "scalar.js").read_bytes()).hexdigest() == taken["sha256"]
    assert "MIT License" in (folder / "scalar.LICENSE").read_text(encoding="utf-8")
    page = (folder / "docs.html").read_text(encoding="utf-8")
    assert "http://" not in page
    assert "https://" not in page
