"""The matrix of permissions: it states every cell, and refuses what it does not state."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.authority.rules import Matrix, MatrixIncomplete
from shared.authority import AuthorityTable

FOLDER = Path(__file__).parents[3] / "gateway/authority"
TEXT = (FOLDER / "permissions.toml").read_text("utf-8")
MATRIX = Matrix.load(TEXT)
ROW = next(line for line in TEXT.splitlines() if line.startswith('"claims.intake.report"'))


def test_the_unknown_is_refused() -> None:
    assert not MATRIX.allows("claims_approver", "branch", "claims.approval.undo")
    assert not MATRIX.allows("director", "branch", "claims.approval.decide")
    assert not MATRIX.allows("claims_approver", "department", "claims.approval.decide")
    assert not MATRIX.allows("claims_approver", "branch", "claims.approval.decide", "branch_local")


def test_a_position_has_nothing_at_a_level_where_it_does_not_exist() -> None:
    assert not MATRIX.exists("complaint_officer", "central_branch")
    assert MATRIX.permissions_of("complaint_officer", "central_branch") == frozenset()
    assert MATRIX.permissions_of("core_system", "sub_branch") == frozenset()


def test_intake_is_never_refused_for_reasons_of_level() -> None:
    for level in ("sub_branch", "central_branch", "branch", "head_office"):
        for name in ("claims.intake.report", "complaints.complaint.register", "crm.enquiry.register"):
            assert MATRIX.allows("service_agent", level, name)


def test_complaints_are_decided_at_branch_or_above_only() -> None:
    for name in ("complaints.complaint.decide", "complaints.compensation.decide", "complaints.complaint.assign"):
        assert MATRIX.holders(name, "sub_branch") == MATRIX.holders(name, "central_branch") == ()
        assert "complaint_officer" in MATRIX.holders(name, "branch")


def test_bank_accounts_are_seen_by_cashier_approver_and_core_system_only() -> None:
    seen = {
        name for level in ("branch", "head_office") for name in MATRIX.holders("claims.payee_account.unmask", level)
    }
    assert seen == {"cashier", "claims_approver", "core_system"}


def test_a_token_carries_the_permissions_of_one_service_only() -> None:
    held = MATRIX.permissions_of("adjuster", "central_branch", audience="claims")
    assert "claims.adjustment.calculate" in held
    assert all(name.startswith("claims.") for name in held)


def test_the_machine_has_its_own_routes_only() -> None:
    held = MATRIX.permissions_of("core_system", "head_office")
    assert {name for name in held if ".core." in name} == {
        "crm.core.upsert",
        "policy.core.acknowledge",
        "policy.core.import",
        "policy.core.reconcile",
        "policy.core.upsert",
    }
    nouns = {name.rpartition(".")[0] for name in held if ".core." not in name}
    assert nouns == {
        "claims.payee_account",
        "claims.payment",
        "crm.job",
        "organisation.event",
        "organisation.webhook",
        "policy.job",
        "policy.payer_account",
        "policy.payment_order",
        "policy.reconciliation",
    }


def test_a_pair_of_positions_is_forbidden_in_either_order() -> None:
    assert MATRIX.forbidden_pair(["archivist", "surveyor"], "adjuster") is None
    assert MATRIX.forbidden_pair(["risk_engineer", "surveyor"], "claims_approver") == ("surveyor", "claims_approver")
    assert MATRIX.forbidden_pair(["claims_approver"], "surveyor") == ("claims_approver", "surveyor")
    assert MATRIX.forbidden_pair(["surveyor"], "surveyor") is None


def test_ladders_belong_to_money_permissions() -> None:
    assert MATRIX.ladder_of("claims.approval.decide") == "claim_payment"
    assert MATRIX.ladder_of("complaints.compensation.decide") == "complaint_compensation"
    assert MATRIX.ladder_of("claims.claim.read") is None


def test_every_row_of_the_limits_names_a_position_that_exists_there() -> None:
    seed = tomllib.loads((FOLDER / "rule_sets/authority_tables.2026-1.toml").read_text("utf-8"))
    rows = seed["content"]["entries"]
    assert MATRIX.without_holder(AuthorityTable.of("x", seed["effective_from"], rows)) == ()
    wrong = [{**row, "takes_part": True} for row in rows]
    assert ("underwriting_limit", "sub_branch", "standard", "underwriter") in MATRIX.without_holder(
        AuthorityTable.of("x", seed["effective_from"], wrong)
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ROW, ROW.replace("SCLBH", "SCLB", 1)),
        (ROW, ROW.replace("SCLBH", "SCLHB", 1)),
        (ROW, ROW.replace("SCLBH ", "", 1)),
        (ROW, ROW.replace("claims.intake.report", "policy.intake.report")),
        (ROW, ROW.replace("claims.intake.report", "claims.report")),
        ("[matrix.claims.money]", "[matrix.claims.coins]"),
        ('"claims.advance.decide" = "advance"\n', ""),
        ('"claims.advance.decide" = "advance"', '"claims.advance.decide" = "loan"'),
        ('"claims.advance.decide" = "advance"', '"claims.advance.decide" = "advance"\n"claims.claim.read" = "advance"'),
        ('underwriter = ["sales_agent"]', 'underwriter = ["sales_agent", "seller"]'),
        ('at = "BH",    group = "audit"', 'at = "BX",    group = "audit"'),
        ('at = "BH",    group = "audit"', 'at = "HB",    group = "audit"'),
        ('at = "BH",    group = "audit"', 'at = "",      group = "audit"'),
        ('group = "audit"', 'group = "auditors"'),
        ('group = "audit",     zh = "审计"', 'group = "audit",     zh = "审计", en = "audit"'),
        ('group = "audit",     zh = "审计"', 'group = "audit"'),
        ("[forbidden_pairs]", "[forbidden_couples]"),
        ('underwriter = ["sales_agent"]', 'underwriter = ["sales_agent"]\nsales_agent = ["underwriter"]'),
    ],
)
def test_a_file_that_leaves_a_cell_open_is_not_loaded(old: str, new: str) -> None:
    assert TEXT.count(old) >= 1
    with pytest.raises(MatrixIncomplete):
        Matrix.load(TEXT.replace(old, new, 1))
