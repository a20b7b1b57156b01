"""The posts of the house: where each exists, and which no person may combine."""

from __future__ import annotations

SUB, CENTRAL, LOCAL, BRANCH, HEAD = range(5)
PLACES = {
    SUB: ("sub_branch", "standard"),
    CENTRAL: ("central_branch", "standard"),
    LOCAL: ("central_branch", "branch_local"),
    BRANCH: ("branch", "standard"),
    HEAD: ("head_office", "standard"),
}

OPERATING = frozenset({SUB, CENTRAL, LOCAL})
OFFICES = frozenset({CENTRAL, LOCAL, BRANCH})
UPPER = frozenset({BRANCH, HEAD})
ALL = frozenset(PLACES)

WHERE = {
    "sales_agent": OPERATING,
    "service_agent": ALL,
    "underwriter": ALL - {SUB},
    "document_custodian": ALL - {HEAD},
    "cashier": OFFICES,
    "surveyor": ALL - {HEAD},
    "adjuster": ALL - {HEAD},
    "claims_approver": ALL,
    "archivist": ALL - {HEAD},
    "risk_engineer": OFFICES,
    "complaint_officer": UPPER,
    "account_manager": OFFICES,
    "department_head": ALL - {SUB},
    "rules_manager": UPPER,
    "auditor": UPPER,
    "security_admin": UPPER,
    "system_admin": frozenset({HEAD}),
    "core_system": UPPER,
}

NOT_BUSINESS = frozenset({"rules_manager", "auditor", "security_admin", "system_admin", "core_system"})
BUSINESS = frozenset(WHERE) - NOT_BUSINESS
PERSONS = frozenset(WHERE) - {"core_system"}


def may_combine(one: str, other: str) -> bool:
    """Whether one person may hold both posts at the same time."""
    pair = {one, other}
    if one == other:
        return True
    if "security_admin" in pair or "system_admin" in pair:
        # the three administrators are three persons, and whoever gives rights or limits uses none
        return "core_system" in pair
    if "claims_approver" in pair:
        return not pair & {"surveyor", "adjuster", "cashier", "archivist", "document_custodian"}
    if "adjuster" in pair:
        return not pair & {"cashier", "complaint_officer"}
    if "complaint_officer" in pair:
        return not pair & {"sales_agent", "account_manager"}
    return pair not in ({"underwriter", "sales_agent"}, {"document_custodian", "cashier"})
