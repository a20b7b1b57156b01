"""The calls that a core policy system makes, each repeated until its outcome is known.

A lost answer is no answer: the same request goes out again. Upserts are ordered by `core_version`, everything else
carries an Idempotency-Key that stays the same in every repetition, so nothing happens twice.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

import httpx

_UNKNOWN_OUTCOME = (502, 503, 504)
_NDJSON = "application/x-ndjson"

Token = Callable[[], Awaitable[str]]
"""Gives a bearer token that still lives; see `examples/core_client/sign_in.py`."""


class Refused(Exception):
    """The platform understood the request and refused it; repeating it would not help."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem: dict[str, Any] = answer.json()
        super().__init__(f"{self.status} {self.code}: {self.problem.get('detail')}")

    @property
    def code(self) -> str:
        """The stable code of the problem; `errors[]` of `problem` names every member at fault."""
        return str(self.problem.get("code", ""))


class CoreClient:
    """One connection of the core system. `http` has the gateway's address as its base URL."""

    def __init__(
        self, http: httpx.AsyncClient, token: Token, *, tries: int = 60, pause_s: float = 0.5, language: str = "zh-CN"
    ) -> None:
        self._http, self._token = http, token
        self._tries, self._pause_s, self._language = tries, pause_s, language

    # -- versions and lists ---------------------------------------------------------------------------------------

    async def put_customer(self, core_no: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One version of a customer."""
        return await self._json("PUT", f"/v1/core/customers/{core_no}", json=dict(body))

    async def put_policy(self, policy_no: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One complete version of a policy; `applied` says what became of it. It may be sent in any order and again."""
        return await self._json("PUT", f"/v1/core/policies/{policy_no}", json=dict(body))

    async def send_list(
        self, policy_no: str, core_version: int, persons: Iterable[Mapping[str, Any]], *, mode: str = "full",
        key: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The insured list of one version, whole or as changes; answers the job."""
        query = {"core_version": core_version, "mode": mode}
        return await self._lines(f"/v1/core/policies/{policy_no}/insured-lists", persons, query, key)

    async def send_import(
        self, policies: Iterable[Mapping[str, Any]], *, batch_id: str, part: int = 1, of: int = 1
    ) -> dict[str, Any]:
        """One part of a load, at most 200 MB. The key follows from the part, so that a part is never spooled twice."""
        query = {"batch_id": batch_id, "part": part, "of": of}
        return await self._lines("/v1/core/imports", policies, query, f"import-{batch_id}-{part}-{of}")

    # -- comparison and answers -----------------------------------------------------------------------------------

    async def reconcile(
        self, policies: Iterable[Mapping[str, Any]], *, as_of: str | None = None, changed_since: str | None = None
    ) -> dict[str, Any]:
        """The daily comparison; answers the job. Without `changed_since` every policy of the core has to be named."""
        query = {name: value for name, value in (("as_of", as_of), ("changed_since", changed_since)) if value}
        return await self._lines("/v1/core/reconciliations", policies, query, None)

    async def acknowledge(self, event_id: str, outcome: str, reason: str | None = None) -> dict[str, Any]:
        """Say that a message was accepted or refused; the key follows from the answer."""
        body = {"event_id": event_id, "outcome": outcome} | ({"reason": reason} if reason else {})
        key = str(uuid.uuid5(uuid.UUID(event_id), f"{outcome} {reason or ''}"))
        return await self._json("POST", "/v1/core/acknowledgements", key=key, json=body)

    async def differences(self, **filters: str) -> AsyncIterator[dict[str, Any]]:
        """Items of the reconciliation list, page by page; filters as the list has them, such as `status="open"`."""
        query: dict[str, str] = {**filters, "limit": "200"}
        while True:
            page = await self._json("GET", "/v1/core/reconciliation-items", params=query)
            for item in page["items"]:
                yield item
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    async def events(self, after: str | None = None) -> dict[str, Any]:
        """Events from a point on: what a system reads that missed webhooks. The answer names where to go on."""
        return await self._json("GET", "/v1/events", params={"after": after} if after else {})

    # -- long work ------------------------------------------------------------------------------------------------

    async def job(self, job_id: str) -> dict[str, Any]:
        """State and progress of long work."""
        return await self._json("GET", f"/v1/jobs/policy/{job_id}")

    async def ended(self, job_id: str, *, pause_s: float = 1.0) -> dict[str, Any]:
        """Wait until a job has ended."""
        while True:
            told = await self.job(job_id)
            if told["state"] not in ("queued", "running"):
                return told
            await asyncio.sleep(pause_s)

    async def results(self, job_id: str) -> list[dict[str, Any]]:
        """One result for each line, in their order: `{line, status, data | problem}`."""
        answer = await self._known("GET", f"/v1/jobs/policy/{job_id}/results", {}, None)
        return [json.loads(line) for line in answer.text.splitlines()]

    # -- sending --------------------------------------------------------------------------------------------------

    async def _lines(
        self, path: str, documents: Iterable[Mapping[str, Any]], query: Mapping[str, Any], key: str | None
    ) -> dict[str, Any]:
        content = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents).encode()
        return await self._json(
            "POST", path, key=key, params=dict(query), content=content, headers={"Content-Type": _NDJSON}
        )

    async def _json(self, method: str, path: str, *, key: str | None = None, **options: Any) -> dict[str, Any]:
        return (await self._known(method, path, options, key)).json()

    async def _known(self, method: str, path: str, options: dict[str, Any], key: str | None) -> httpx.Response:
        """The answer, once there is one. Raises `Refused`, and `TimeoutError` where there is none after all tries."""
        key = key or str(uuid.uuid4())
        for _ in range(self._tries):
            headers = {
                **options.get("headers", {}), "Authorization": f"Bearer {await self._token()}",
                "Accept-Language": self._language,
            }  # fmt: skip
            if method == "POST":
                headers["Idempotency-Key"] = f'"{key}"'
            try:
                answer = await self._http.request(method, path, **{**options, "headers": headers})
            except httpx.TransportError:
                await asyncio.sleep(self._pause_s)
                continue
            if _settled(answer):
                if answer.is_success:
                    return answer
                raise Refused(answer)
            await asyncio.sleep(max(self._pause_s, float(answer.headers.get("retry-after", "0"))))
        raise TimeoutError(f"{method} {path}: no answer")


def _settled(answer: httpx.Response) -> bool:
    """Whether the outcome is known. 429 and a key in progress ask to come back; 5xx of a proxy tell nothing."""
    if answer.status_code == 409:
        return answer.json().get("code") != "idempotency_key_in_progress"
    return answer.status_code not in (*_UNKNOWN_OUTCOME, 429)
