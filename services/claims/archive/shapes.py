"""How closures and files are answered."""

from __future__ import annotations

from datetime import date

from services.claims.agreement.shapes import state_of
from services.claims.archive import queries
from services.claims.archive.schemas import (
    FileOut,
    LoanShown,
    ManifestOut,
    PageOut,
    SupplementOut,
    SupplementShown,
)
from services.claims.archive.tables import ClaimFile, FileLoan, FileSupplement
from services.claims.claim.tables import Claim
from shared.clock import legal_day
from shared.database import Transaction


def file(row: ClaimFile, claim: Claim, keep_until: date) -> FileOut:
    return FileOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), volume_no=row.volume_no, status=row.status,
        page_count=row.page_count, manifest_sha256=row.manifest_sha256, shelf_place=row.shelf_place,
        archivist_person_id=row.archivist_person_id, shelved_at=row.shelved_at, keep_until=keep_until,
    )  # fmt: skip


def supplement(row: FileSupplement, claim: Claim) -> SupplementOut:
    return SupplementOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), supplement_no=row.supplement_no,
        page_count=row.page_count, manifest_sha256=row.manifest_sha256,
    )  # fmt: skip


def _supplement_shown(row: FileSupplement) -> SupplementShown:
    return SupplementShown(
        supplement_no=row.supplement_no, created_at=row.created_at, pages=[PageOut(**one) for one in row.pages],
        page_count=row.page_count, manifest_sha256=row.manifest_sha256, reason=row.reason,
    )  # fmt: skip


def _loan_shown(row: FileLoan) -> LoanShown:
    return LoanShown(
        borrower_person_id=row.borrower_person_id, purpose=row.purpose, lent_at=row.created_at, due_on=row.due_on,
        returned_at=row.returned_at, condition=row.condition,
    )  # fmt: skip


async def manifest(tx: Transaction, claim: Claim, row: ClaimFile) -> ManifestOut:
    """The whole file of a claim."""
    return ManifestOut(
        id=row.id, created_at=row.created_at, claim_id=claim.id, volume_no=row.volume_no, status=row.status,
        page_count=row.page_count, pages=[PageOut(**one) for one in row.pages], manifest_sha256=row.manifest_sha256,
        archivist_person_id=row.archivist_person_id, shelf_place=row.shelf_place, shelved_at=row.shelved_at,
        keep_until=await queries.keep_until(tx, claim, legal_day(row.shelved_at)),
        frozen_by=await queries.frozen_by(tx, claim),
        supplements=[_supplement_shown(one) for one in await queries.supplements_of(tx, claim.id)],
        loans=[_loan_shown(one) for one in await queries.loans_of(tx, claim.id)],
    )  # fmt: skip
