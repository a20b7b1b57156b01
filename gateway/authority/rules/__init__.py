"""Who may do what (`matrix`), which tables of limits may be published (`limits`, `publication`), and why somebody may
not decide (`explanation`)."""

from gateway.authority.rules.explanation import Verdict, may_decide, may_opine
from gateway.authority.rules.limits import TableFault, changes, check_succession, check_table
from gateway.authority.rules.matrix import Matrix, MatrixIncomplete, Permission, Position
from gateway.authority.rules.publication import (
    AuthorityTableInvalid,
    EffectiveFromNotLater,
    HeadOfficeNeeded,
    PublishedElsewhere,
    RuleSetInvalid,
    TableVersionTaken,
    check_content,
    check_first_day,
    check_proposal,
    may_publish,
    next_version,
    status_of,
)

__all__ = [
    "AuthorityTableInvalid",
    "EffectiveFromNotLater",
    "HeadOfficeNeeded",
    "Matrix",
    "MatrixIncomplete",
    "Permission",
    "Position",
    "PublishedElsewhere",
    "RuleSetInvalid",
    "TableFault",
    "TableVersionTaken",
    "Verdict",
    "changes",
    "check_content",
    "check_first_day",
    "check_proposal",
    "check_succession",
    "check_table",
    "may_decide",
    "may_opine",
    "may_publish",
    "next_version",
    "status_of",
]
