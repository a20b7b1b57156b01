"""What the checker has to know of the services: `python -m scripts.checker_data` writes it down anew.

Who consumes which subjects, and the lives that records may have. The checker itself imports no service.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from gateway.authority.rules.matrix import Matrix
from gateway.identity.callers import PERMISSIONS
from scripts.deployables import ROOT
from scripts.json_files import json_bytes

FOLDER = ROOT / "embedded" / "check"
SERVICES = ("policy", "claims", "risk", "complaints", "crm")

LIVES = (
    ("claims", "claims", "claim", "status", "services.claims.claim.rules", "NEXT"),
    ("claims", "payments", "payment", "status", "services.claims.payment.rules.lifecycle", "NEXT"),
    ("claims", "claim_files", "claim_file", "status", "services.claims.archive.rules", "FILE_NEXT"),
    ("policy", "policies", "stated_policy", "stated_status", "services.policy.policy.rules.lifecycle", "NEXT"),
    ("risk", "inspections", "inspection", "status", "services.risk.inspection.rules", "NEXT"),
    ("risk", "hazards", "hazard", "status", "services.risk.hazard.rules", "NEXT"),
    ("risk", "key_risk_files", "key_risk_file", "status", "services.risk.key_risk.rules", "NEXT"),
    ("complaints", "complaints", "complaint", "status", "services.complaints.complaint.rules.lifecycle", "NEXT"),
    ("crm", "return_visits", "return_visit", "status", "services.crm.visit.rules", "NEXT"),
)
"""Database, table, record type in the history, column, module, and the name of its table of moves."""


def subscriptions() -> dict[str, list[str]]:
    """Service → subjects that it consumes."""
    return {
        name: sorted({one.subject for one in importlib.import_module(f"services.{name}.consumers").CONSUMERS})
        for name in SERVICES
    }


def lifecycles() -> list[dict[str, Any]]:
    """The lives of records, as their rules state them."""
    found = []
    for database, table, record_type, column, module, name in LIVES:
        moves: Mapping[Any, Any] = getattr(importlib.import_module(module), name)
        follows = {str(state): sorted(map(str, after)) for state, after in moves.items()}
        found.append(
            {"database": database, "table": table, "record_type": record_type, "column": column, "next": follows}
        )
    return found


def forbidden_pairs() -> list[list[str]]:
    """Pairs of positions that exclude each other."""
    return sorted(sorted(one) for one in Matrix.load(PERMISSIONS.read_text(encoding="utf-8")).forbidden_pairs)


def documents() -> dict[str, bytes]:
    """File name → content."""
    return {
        "subscriptions.json": json_bytes(subscriptions()), "lifecycles.json": json_bytes(lifecycles()),
        "forbidden_pairs.json": json_bytes(forbidden_pairs()),
    }  # fmt: skip


if __name__ == "__main__":
    for file_name, content in documents().items():
        (FOLDER / file_name).write_bytes(content)
