"""Who may do what (`matrix`), and which tables of limits may be published (`limits`)."""

from gateway.authority.rules.limits import TableFault, changes, check_succession, check_table
from gateway.authority.rules.matrix import Matrix, MatrixIncomplete, Permission, Position

__all__ = [
    "Matrix",
    "MatrixIncomplete",
    "Permission",
    "Position",
    "TableFault",
    "changes",
    "check_succession",
    "check_table",
]
