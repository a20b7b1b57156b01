"""How requests to destroy a volume are shown."""

from __future__ import annotations

from services.policy.archive.tables import ArchiveVolume, VolumeDestruction
from services.policy.retention.schemas import VolumeDestructionOut, VolumeState


def destruction(row: VolumeDestruction, volume: ArchiveVolume) -> VolumeDestructionOut:
    return VolumeDestructionOut(
        id=row.id, created_at=row.created_at, status=row.status, keep_until=row.keep_until, reason=row.reason,
        archive_volume=VolumeState(id=volume.id, version=volume.version, status=volume.status),
        requested_by=row.requested_by, decided_by=row.decided_by, decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )  # fmt: skip
