"""How loans are answered."""

from __future__ import annotations

from services.claims.agreement.shapes import state_of
from services.claims.archive.tables import ClaimFile, FileLoan
from services.claims.claim.tables import Claim
from services.claims.lending.schemas import LoanOut


def loan(row: FileLoan, file_row: ClaimFile, claim: Claim) -> LoanOut:
    return LoanOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), volume_no=file_row.volume_no,
        file_status=file_row.status, borrower_person_id=row.borrower_person_id, purpose=row.purpose, due_on=row.due_on,
        returned_at=row.returned_at, condition=row.condition,
    )  # fmt: skip
