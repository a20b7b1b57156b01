"""The seam to the core policy system over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from services.policy.core import handlers
from services.policy.core.schemas import CorePolicy, UpsertOut
from shared.jobs import JobOut
from shared.routing import Creates, Reads, Room, sent

room = Room(tags=["core"])

BatchId = Annotated[str | None, Query(max_length=100)]
Part = Annotated[int | None, Query(ge=1)]


@room.puts("/v1/core/policies/{policy_no}", UpsertOut, may="policy.core.upsert", max_bytes=4 * 1024 * 1024)
async def upsert_policy(policy_no: str, body: CorePolicy, call: Reads) -> Response:
    """Store one version of a policy, ordered by `core_version`; it needs no If-Match and no key."""
    key = call.state.digest_key
    return sent(await handlers.upsert_policy(call.db, call.actor, call.key, policy_no, body, key))


@room.posts(
    "/v1/core/imports", JobOut, may="policy.core.import", status=202, max_bytes=handlers.IMPORT_MAX_BYTES, timeout_s=300
)
async def accept_import(
    request: Request, call: Creates, batch_id: BatchId = None, part: Part = None, of: Part = None
) -> Response:
    """Policies, one JSON document a line, at most 200 MB; a larger load is sent in parts."""
    batch = {"batch_id": batch_id, "part": part, "of": of}
    return sent(await handlers.accept_import(call.db, call.actor, call.key, request.stream(), batch))
