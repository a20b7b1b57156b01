"""Insured lists of the core over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response

from services.policy.insured_list import handlers
from shared.jobs import JobOut
from shared.routing import Creates, Room, sent

room = Room(tags=["core"])

Mode = Annotated[Literal["full", "delta"], Query(description="The whole list, or what changes in the one before.")]
Version = Annotated[int, Query(ge=1, description="The version of the policy that the list belongs to.")]


@room.posts(
    "/v1/core/policies/{policy_no}/insured-lists", JobOut, may="policy.core.import", status=202,
    max_bytes=handlers.MAX_BYTES, timeout_s=300,
)  # fmt: skip
async def accept_insured_list(
    policy_no: str, request: Request, call: Creates, core_version: Version, mode: Mode = "full"
) -> Response:
    """The insured persons of one version, one JSON document a line; in force once every line was taken."""
    known = (call.db, call.actor, call.key, policy_no, mode, core_version)
    return sent(await handlers.accept_list(*known, request.stream()))
