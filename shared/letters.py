"""Letters: pages in Chinese made from a record's data and a dated template, as PDF/A-2b.

A letter keeps the version of its template and its data, so that a reprint is the same to the byte. Templates are the
rule set `letter_templates`: `layout` is the page (Typst), and `<deployable>.<kind>` has a `title` and `parts`, each a
`text` with `{names}`, taken once, for `each` entry of a list, or only `if` a value is there. What goes into a name is
data: it never becomes part of the layout. A character that the fonts do not have is an error, not a box.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pylopdf_fonts_zh_cn
import typst
from sqlalchemy import Column, DateTime, LargeBinary, Table, Uuid, select, update
from sqlalchemy import Text as Words
from sqlalchemy.dialects.postgresql import JSONB

from shared.attachments import attach_made
from shared.clock import SHANGHAI
from shared.database import Record, Transaction
from shared.errors import Conflict, NotFound, Refused, Text
from shared.file_store import in_worker
from shared.ids import uuid7
from shared.kernel import kernel
from shared.rule_sets import NoRuleSet, in_force, rule_sets

letters = Table(
    "letters",
    kernel,
    Column("id", Uuid, primary_key=True),
    Column("org_path", Words, nullable=False),
    Column("record_type", Words, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("kind", Words, nullable=False),
    Column("template_version", Words, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("attachment_id", Uuid, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("issued_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("served_at", DateTime(timezone=True), nullable=True),
    Column("served_method", Words, nullable=True),
    Column("served_proof", Uuid, nullable=True),
    Column("served_by", Uuid, nullable=True),
)

_NAME = re.compile(r"\{([a-z_]+)\}")
_PACKAGE = re.compile(r'"@')


class LetterTemplateMissing(Conflict):
    """Member: `kind`."""

    code = "letter_template_missing"
    title = Text("没有该函件模板", "There is no template of this letter")
    detail = Text("现行函件模板中没有 {kind}。", "The templates in force have no letter {kind}.")


class LetterDataMissing(Conflict):
    """Member: `field`, the name in the template that the record has no value for."""

    code = "letter_data_missing"
    title = Text("函件内容不完整", "The letter would be incomplete")
    detail = Text("函件需要的 {field} 尚未记录。", "The letter needs {field}, which is not on record.")


class LetterNotPrintable(Refused):
    """Member: `fault`, in the words of the typesetter: a character without glyph, or a mistake in the layout."""

    code = "letter_not_printable"
    title = Text("函件无法排版", "The letter cannot be set")
    detail = Text("函件无法排版：{fault}。", "The letter cannot be set: {fault}.")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter before it is issued: everything that its page is made of, and the page."""

    kind: str
    template_version: str
    data: dict[str, Any]
    title: str
    page: bytes


LetterData = Callable[[Transaction, Any, str, Any], Awaitable[Mapping[str, Any]]]
"""`data(tx, record, kind, state)`: texts, and lists of texts by name; refuses a kind that the record does not allow."""


def composed(template: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Title and paragraphs of one letter. Raises `LetterDataMissing`."""
    paragraphs: list[str] = []
    for part in template["parts"]:
        if "each" in part:
            entries = data.get(part["each"], ())
            paragraphs += [_filled(part["text"], {**data, "no": str(at), **one}) for at, one in enumerate(entries, 1)]
        elif data.get(part.get("if", ""), not part.get("if")):
            paragraphs.append(_filled(part["text"], data))
    return {"title": _filled(template["title"], data), "paragraphs": paragraphs}


def _filled(text: str, data: Mapping[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        told = data.get(found[1])
        if told is None or told == "":
            raise LetterDataMissing(field=found[1])
        return str(told)

    return _NAME.sub(value, text)


@cache
def _fonts() -> typst.Fonts:
    folder = str(Path(pylopdf_fonts_zh_cn.__file__).parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def set_page(layout: str, told: Mapping[str, Any], at: datetime) -> bytes:
    """The page as PDF/A-2b; the same arguments give the same bytes. Raises `LetterNotPrintable`. Blocking."""
    if _PACKAGE.search(layout):
        raise LetterNotPrintable(fault="a layout takes no packages")
    inputs = {"letter": json.dumps(told, ensure_ascii=False, sort_keys=True)}
    with tempfile.TemporaryDirectory() as nothing:  # the layout can read no file: its root is empty
        try:
            page, warnings = typst.compile_with_warnings(
                layout.encode(), root=nothing,  # type: ignore[arg-type]
                font_paths=_fonts(), format="pdf", sys_inputs=inputs,
                pdf_standards=["a-2b"], timestamp=at.astimezone(UTC),
            )  # fmt: skip
        except typst.TypstError as fault:
            raise LetterNotPrintable(fault=fault.message) from fault
    if warnings:
        raise LetterNotPrintable(fault=warnings[0].message)
    return bytes(page)


async def _set(service: str, kind: str, content: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, bytes]:
    template = content.get(service, {}).get(kind)
    if template is None:
        raise LetterTemplateMissing(kind=kind)
    told = composed(template, data)
    at = datetime.fromisoformat(data["issued_at"])
    told |= {"year": at.year, "month": at.month, "day": at.day, "issued_on": data["issued_on"]}
    return told["title"], await in_worker(set_page, content["layout"], told, at)


async def drafted(tx: Transaction, record: Record, kind: str, data: Mapping[str, Any]) -> Letter:
    """The letter as it would be issued now, by the templates in force. Raises what `composed` and `set_page` raise."""
    try:
        found = await in_force(tx, "letter_templates")
    except NoRuleSet as fault:
        raise LetterTemplateMissing(kind=kind) from fault
    at = tx.now.astimezone(SHANGHAI).replace(microsecond=0)
    kept = {"issued_at": at.isoformat(), "issued_on": f"{at.year}年{at.month}月{at.day}日", **data}
    title, page = await _set(tx.database.service, kind, found.content, kept)
    return Letter(kind, found.version, kept, title, page)


async def issue(tx: Transaction, folder: Path, record: Record, letter: Letter) -> Mapping[str, Any]:
    """Keep the letter and attach its page to the record; the row. `folder`: the deployable's `attachments_dir`."""
    attachment_id = await attach_made(
        tx, folder, record, kind=f"letter_{letter.kind}", file_name=f"{letter.title}.pdf", content=letter.page
    )
    row = {
        "id": uuid7(), "org_path": record.org_path, "record_type": record.record_type, "record_id": record.id,
        "kind": letter.kind, "template_version": letter.template_version, "data": letter.data,
        "attachment_id": attachment_id, "sha256": hashlib.sha256(letter.page).digest(),
        "issued_by": tx.actor.person_id, "created_at": tx.now, "served_at": None, "served_method": None,
    }  # fmt: skip
    await tx.execute(letters.insert().values(**row))
    return row


async def reprinted(tx: Transaction, row: Mapping[str, Any]) -> bytes:
    """The page of an issued letter again, from the template version and the data that it keeps."""
    stored = select(rule_sets.c.content).where(
        rule_sets.c.name == "letter_templates", rule_sets.c.version == row["template_version"]
    )
    _, page = await _set(tx.database.service, row["kind"], await tx.scalar(stored), row["data"])
    return page


async def letters_of(tx: Transaction, record: Record) -> list[Mapping[str, Any]]:
    """All letters of a record that was found for the caller, also those of before it moved to another unit."""
    scope = tx.scope
    await tx.use_scope("00")
    mine = select(letters).where(letters.c.record_id == record.id).order_by(letters.c.id)
    found = list((await tx.execute(mine)).mappings())
    await tx.use_scope(scope)
    return found


async def letter_of(tx: Transaction, record: Record, letter_id: UUID) -> Mapping[str, Any]:
    """One letter of the record. Raises `NotFound`."""
    for row in await letters_of(tx, record):
        if row["id"] == letter_id:
            return row
    raise NotFound()


async def mark_served(tx: Transaction, letter_id: UUID, at: datetime, method: str, proof: UUID | None) -> None:
    """Write down, once, that the letter was received."""
    scope = tx.scope
    await tx.use_scope("00")
    told = {"served_at": at, "served_method": method, "served_proof": proof, "served_by": tx.actor.person_id}
    await tx.execute(update(letters).where(letters.c.id == letter_id).values(**told))
    await tx.use_scope(scope)


def as_text(page: bytes) -> str:
    """The page as it crosses JSON."""
    return base64.b64encode(page).decode("ascii")
