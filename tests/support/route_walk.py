"""Every operation of a deployable's OpenAPI document, and how to call it about a given record, known or unknown.

An operation whose record the walker does not know is an error that names it: a new route cannot stay unwalked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from shared.actor import Actor
from shared.attachment_links import link_token
from shared.clock import process_now
from tests.support.sample_files import pdf
from tests.support.schema_bodies import UNKNOWN, body_of
from tests.support.services import ServiceUnderTest
from tests.support.tokens import MATRIX, actor

METHODS = ("get", "put", "post", "delete", "patch")
OWN = "00.32.3201.320102"
"""Where the records of every world lie."""
PLACES = {
    "S": ("sub_branch", "standard"), "C": ("central_branch", "standard"), "L": ("central_branch", "branch_local"),
    "B": ("branch", "standard"), "H": ("head_office", "standard"),
}  # fmt: skip
OWN_CHAIN = {"S": OWN, "C": "00.32.3201", "B": "00.32", "H": "00"}
SIBLINGS = {
    "S": ("00.32.3201.320104", "00.32.3202.320205"), "C": ("00.32.3202",), "L": ("00.32.3200",), "B": ("00.33",),
}  # fmt: skip
"""Units beside the own one: under the same central branch, under another, the branch's own unit, another branch."""

Body = Mapping[str, Any]


FIGURES = ("/v1/service-kpis", "/v1/service-reports", "/v1/risk/reports")
NO_RECORDS = {"{year}", "{month}", "{metric}", "{form}"}


class UnknownRoute(LookupError):
    """A route about a kind of record that the walker was not told of."""


class Kind(StrEnum):
    """What a route is about, which decides what a stranger gets."""

    ITEM = "item"
    LIST = "list"
    SEARCH = "search"
    SUMMARY = "summary"
    FIGURES = "figures"
    """Sums of one unit that is named: everybody may ask for those of his own."""
    UPLOAD = "upload"
    CREATION = "creation"
    CORE = "core"
    COMPANY = "company"


COMPANY = ("/v1/products",)
"""What belongs to the company and has no place in the tree: every unit reads it alike."""


@dataclass(frozen=True)
class Operation:
    """One operation as the document states it."""

    method: str
    path: str
    permission: str | None
    document: Mapping[str, Any] = field(hash=False)
    components: Mapping[str, Any] = field(hash=False, repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether a refusal leaves an audit entry."""
        return self.method != "GET" and not self.path.endswith("/searches")

    @cached_property
    def kind(self) -> Kind:
        if self.path.startswith("/v1/core/") and self._for_machines():
            return Kind.CORE
        if self.path.startswith(COMPANY):
            return Kind.COMPANY
        # a year, a month, a figure are no records: everybody has those of his own unit
        if set(re.findall(r"\{\w+\}", self.path)) - NO_RECORDS:
            return Kind.ITEM
        if self.method == "GET":
            if "next_cursor" in self._answer():
                return Kind.LIST
            return Kind.FIGURES if self.path.startswith(FIGURES) else Kind.SUMMARY
        ending = self.path.rpartition("/")[2]
        return {"searches": Kind.SEARCH, "uploads": Kind.UPLOAD}.get(ending, Kind.CREATION)

    def _for_machines(self) -> bool:
        return {one for letter in PLACES for one in self.holders(letter)} == {"core_system"}

    def _answer(self) -> Mapping[str, Any]:
        content = self.document["responses"].get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        return self.components.get(name, schema).get("properties", {})

    def body(self) -> Any:
        """A smallest body by the schema; None where the route takes none (or a file)."""
        content = self.document.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else body_of(schema, self.components)

    def holders(self, letter: str) -> tuple[str, ...]:
        """Positions that hold the permission at such a place."""
        return () if self.permission is None else MATRIX.holders(self.permission, *PLACES[letter])


def operations_of(app: FastAPI) -> list[Operation]:
    """All operations of the application's own document, written anew from its routes."""
    document = json.loads(json.dumps(app.openapi()))
    components = document.get("components", {}).get("schemas", {})
    return [
        Operation(method.upper(), path, item[method].get("x-permission"), item[method], components)
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    ]


def strangers(operation: Operation) -> Iterator[Actor]:
    """Everybody beside the own unit who holds the route's permission, one for each position and place."""
    for letter, paths in SIBLINGS.items():
        level, kind = PLACES[letter]
        for position in operation.holders(letter):
            for path in paths:
                yield actor(position, path, level=level, kind=kind)


def insiders(operation: Operation) -> Iterator[Actor]:
    """Everybody at the own unit or above it who holds the route's permission, the nearest first."""
    for letter, path in OWN_CHAIN.items():
        for position in operation.holders(letter):
            yield actor(position, path)


def everybody(position: str) -> Iterator[Actor]:
    """The position at every place of the own branch where it exists."""
    for letter, path in (OWN_CHAIN | {"L": "00.32.3200"}).items():
        level, kind = PLACES[letter]
        if MATRIX.exists(position, level, kind):
            yield actor(position, path, level=level, kind=kind)


@dataclass
class RouteWorld:
    """A service with at least one record of every type at the own unit."""

    service: ServiceUnderTest
    known: dict[str, str]
    """Beginning of a path up to and with `{}` → id there: `/v1/claims/{}/attachments/{}`."""
    better: dict[str, dict[str, str]] = field(default_factory=dict)
    """Path of an operation → ids that it needs instead: a file that was bound, a visit that was made."""
    bodies: dict[str, Body] = field(default_factory=dict)
    """Operation → members that its schema cannot tell."""
    searches: dict[str, Body] = field(default_factory=dict)
    """Path of a search → what finds the record."""
    creations: dict[str, Callable[[bool], Body]] = field(default_factory=dict)
    """Path → a body that names a record of the own unit, or (False) one that does not exist."""
    summaries: dict[str, str] = field(default_factory=dict)
    """Path of counts → its query."""

    def filled(self, operation: Operation, unknown: bool = False) -> str:
        """The path about the known record, or with its id replaced by one that nothing has."""
        better = self.better.get(operation.path, {})
        done: list[str] = []
        plain: list[str] = []
        for step in operation.path.split("/"):
            if step.startswith("{"):
                plain.append("{}")
                key = "/".join(plain)
                found = better.get(key, self.known.get(key))
                if found is None:
                    raise UnknownRoute(f"{operation}: the walk has no record for {key}")
                done.append(str(UNKNOWN) if unknown else found)
            else:
                plain.append(step)
                done.append(step)
        return "/".join(done)

    async def call(
        self, who: Actor | None, operation: Operation, *, unknown: bool = False, body: Any = None,
        headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None, version: int = 1,
    ) -> httpx.Response:  # fmt: skip
        """Carry the operation out about the known record or about one that does not exist."""
        path = self.filled(operation, unknown)
        options: dict[str, Any] = {"params": dict(query or {})}
        if path.endswith("/content") and who is not None:
            options["params"]["token"] = self._link(who, path)
        stated = body if body is not None else self._body(operation)
        if operation.path.endswith(("/attachments", "/uploads")) and operation.method == "POST":
            options["files"] = {"file": ("a.pdf", pdf())}
            stated = None
        sent = {"Content-Type": "application/merge-patch+json"} if operation.method == "PATCH" else {}
        return await self.service.call(
            who, operation.method, path, stated, headers=sent | dict(headers or {}), key=str(uuid4()),
            version=None if operation.method == "GET" else version, **options,
        )  # fmt: skip

    def _body(self, operation: Operation) -> Any:
        made, more = operation.body(), self.bodies.get(str(operation))
        return made if more is None else {**(made or {}), **more}

    def _link(self, who: Actor, path: str) -> str:
        """A link that the service itself would give this person: what keeps him out is the scope alone."""
        attachment = UUID(path.split("/")[-2])
        until = process_now() + timedelta(minutes=5)
        return link_token(self.service.app.state.secret, who.person_id, attachment, until)


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """All that a caller can tell apart in an answer, but for the address asked and the id of the request."""
    volatile = {"x-request-id", "content-length", "date"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in volatile)
    try:
        body = answer.json()
    except ValueError:
        return answer.status_code, headers, answer.content
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in ("instance", "request_id")}
    return answer.status_code, headers, body


class Rows:
    """What is stored, seen by the superuser: a fingerprint of every table, and the audit entries of refusals."""

    TRAIL = ("audit_entries", "audit_heads")

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    async def fingerprints(self) -> dict[str, str]:
        """Table → hash over all of its rows, the audit trail left out."""
        connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            names = await connection.fetch(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
            )
            return {
                name: await connection.fetchval(
                    f"select md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) from \"{name}\" t"
                )
                for (name,) in names
                if name not in self.TRAIL
            }
        finally:
            await connection.close()

    async def refusals(self) -> dict[str, int]:
        """Action → how many audit entries tell of its refusal."""
        connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            rows = await connection.fetch(
                "select entry::jsonb->>'action' as action, count(*) as n from audit_entries"
                " where outcome = 'refused' group by 1"
            )
            return {row["action"]: row["n"] for row in rows}
        finally:
            await connection.close()
