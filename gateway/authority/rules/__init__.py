"""Who may do what (`matrix`), which tables of limits may be published (`limits`, `publication`), and why somebody may
not decide (`explanation`), what a rule set may contain (`contents`), what a new table changes (`preview`)."""

from gateway.authority.rules.contents import RuleSetInvalid, check_content
from gateway.authority.rules.explanation import CLAIM_KINDS, ActingHolder, Lifting, Verdict, may_decide, may_opine
from gateway.authority.rules.limits import TableFault, check_succession, check_table
from gateway.authority.rules.matrix import Matrix, MatrixIncomplete, Permission, Position
from gateway.authority.rules.preview import Affected, ChangedLine, affected, changes, predecessor
from gateway.authority.rules.publication import (
    AuthorityTableInvalid,
    EffectiveFromNotLater,
    HeadOfficeNeeded,
    PublishedElsewhere,
    TableVersionTaken,
    check_first_day,
    check_proposal,
    may_publish,
    next_version,
    status_of,
)
from gateway.authority.rules.structure import Schema, refuse_unknown_words

__all__ = [
    "CLAIM_KINDS",
    "ActingHolder",
    "Affected",
    "AuthorityTableInvalid",
    "ChangedLine",
    "EffectiveFromNotLater",
    "HeadOfficeNeeded",
    "Lifting",
    "Matrix",
    "MatrixIncomplete",
    "Permission",
    "Position",
    "PublishedElsewhere",
    "RuleSetInvalid",
    "Schema",
    "TableFault",
    "TableVersionTaken",
    "Verdict",
    "affected",
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
    "predecessor",
    "refuse_unknown_words",
    "status_of",
]
