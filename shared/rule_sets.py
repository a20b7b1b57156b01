"""Rule sets: deadlines, thresholds, checklists and whatever else changes by date, as versioned data.

A deployable's seeds are files `rule_sets/<name>.<version>.toml`. They are loaded after migration: a new version is
inserted, the same one skipped, changed content under an old version refused. Later versions arrive as events from the
gateway. What was in force on a day is read for that day, so an old case is judged by the rule of its time.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Column, Date, Table, Text, bindparam, select
from sqlalchemy.dialects.postgresql import JSONB, distinct_on, insert

from shared.clock import legal_day
from shared.database import Transaction
from shared.events import Received, consumes
from shared.kernel import kernel

rule_sets = Table(
    "rule_sets",
    kernel,
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("effective_from", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
)


T = TypeVar("T")

_contents: dict[str, dict[str, Any]] = {}
"""Content by its hash: a version never changes, so what was read once is read."""
_parsed: dict[Any, Any] = {}


class RuleSetChanged(RuntimeError):
    """A seed file has other content than the version that was loaded from it before."""


class NoRuleSet(LookupError):
    """No version of the set is in force on the day asked for."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of one set. `tag`: V verified law, S secondary source, M general knowledge, P proposed default."""

    name: str
    version: str
    effective_from: date
    source: str
    tag: str
    content: dict[str, Any]
    """Shared by all who read this version in the process: never changed."""
    digest: str = ""

    def parsed(self, parse: Callable[[dict[str, Any], str], T]) -> T:
        """What `parse(content, version)` makes of it, made once for each version in the process."""
        key = (self.digest, self.version, parse)
        if not self.digest:
            return parse(self.content, self.version)
        if key not in _parsed:
            _parsed[key] = parse(self.content, self.version)
        return _parsed[key]


class RuleSetPublished(BaseModel):
    name: str
    version: str
    effective_from: date
    content: dict[str, Any]


def read_files(folder: Path) -> Iterator[RuleSet]:
    """The seeds of a deployable, by name and version. Raises `KeyError` or `ValueError` for a malformed file."""
    for path in sorted(folder.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        expected = f"{data['name']}.{data['version']}.toml"
        if path.name != expected:
            raise ValueError(f"{path.name} holds {expected}")
        content = json.loads(json.dumps(data["content"], default=_plain))
        yield RuleSet(data["name"], data["version"], data["effective_from"], data["source"], data["tag"], content)


def _plain(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def content_hash(content: dict[str, Any]) -> str:
    """The hash by which the same content is recognised (SHA-256 of canonical JSON)."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


async def load(tx: Transaction, folder: Path) -> int:
    """Bring the seed files of `folder` into the database; how many were new. Raises `RuleSetChanged`."""
    new = 0
    for one in read_files(folder):
        digest = content_hash(one.content)
        held = await tx.scalar(
            select(rule_sets.c.content_hash).where(rule_sets.c.name == one.name, rule_sets.c.version == one.version)
        )
        if held is not None and held != digest:
            raise RuleSetChanged(f"{one.name} {one.version}: give changed content a new version")
        if held is None:
            await _insert(tx, one, digest)
            new += 1
    return new


async def _insert(tx: Transaction, one: RuleSet, digest: str) -> None:
    row = {
        "name": one.name,
        "version": one.version,
        "effective_from": one.effective_from,
        "source": one.source,
        "tag": one.tag,
        "content": one.content,
        "content_hash": digest,
    }
    await tx.execute(insert(rule_sets).values(**row).on_conflict_do_nothing())
    tx.remembered.clear()


@consumes("organisation.rule_set.published.v1")
async def rule_set_published(tx: Transaction, event: Received[RuleSetPublished]) -> None:
    """Every service keeps every published set: which of them it reads is its own matter."""
    published = event.data
    one = RuleSet(published.name, published.version, published.effective_from, "published", "P", published.content)
    await _insert(tx, one, content_hash(published.content))


RULE_SET_CONSUMERS = (rule_set_published,)


_IN_FORCE = (
    select(
        rule_sets.c.name, rule_sets.c.version, rule_sets.c.effective_from, rule_sets.c.source, rule_sets.c.tag,
        rule_sets.c.content_hash,
    )
    .ext(distinct_on(rule_sets.c.name))
    .where(rule_sets.c.effective_from <= bindparam("on_day"))
    .order_by(rule_sets.c.name, rule_sets.c.effective_from.desc(), rule_sets.c.version.desc())
)  # fmt: skip


async def in_force(tx: Transaction, name: str, day: date | None = None) -> RuleSet:
    """The version of `name` in force on `day` (default: the transaction's); all names are asked for once a transaction.

    Raises `NoRuleSet`.
    """
    on = day or legal_day(tx.now)
    if ("rule_sets", on) not in tx.remembered:
        tx.remembered["rule_sets", on] = {row.name: row for row in await tx.execute(_IN_FORCE, {"on_day": on})}
    row = tx.remembered["rule_sets", on].get(name)
    if row is None:
        raise NoRuleSet(f"{name} on {on}")
    if row.content_hash not in _contents:
        sets = rule_sets.c
        found = select(sets.content).where(sets.name == row.name, sets.version == row.version)
        _contents[row.content_hash] = await tx.scalar(found)
    content = _contents[row.content_hash]
    return RuleSet(row.name, row.version, row.effective_from, row.source, row.tag, content, row.content_hash)
