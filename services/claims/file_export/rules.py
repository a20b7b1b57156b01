"""What an archive of a file holds, under which names, and the manifest that vouches for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.errors import Conflict, Text

MANIFEST = "manifest.json"


class FileDamaged(Conflict):
    """Member: `attachment_id`."""

    code = "file_damaged"
    title = Text("附件与登记不符", "A file is not what was recorded")
    detail = Text(
        "附件 {attachment_id} 缺失，或其校验值与登记不符，案卷不能导出。",
        "File {attachment_id} is missing or differs from its recorded hash; the claim's file is not given out.",
    )


@dataclass(frozen=True)
class Stored:
    """A file of the claim as it is recorded."""

    id: UUID
    file_name: str
    sha256: str
    size: int


def paper_entries(pages: Iterable[Mapping[str, Any]], stored: Sequence[Stored]) -> list[dict[str, Any]]:
    """The papers in the order of the list of pages, those that it does not name last; names say nothing of persons."""
    titles = {one["attachment_id"]: one["title"] for one in pages if one.get("attachment_id")}
    order = {name: at for at, name in enumerate(titles)}
    papers = sorted(stored, key=lambda one: (order.get(str(one.id), len(order)), one.id))
    return [
        {
            "name": f"papers/{at:03d}-{one.id}{_ending(one.file_name)}", "attachment_id": str(one.id),
            "sha256": one.sha256, "size": one.size, "title": titles.get(str(one.id)),
        }
        for at, one in enumerate(papers, 1)
    ]  # fmt: skip


def _ending(file_name: str) -> str:
    _, dot, ending = file_name.rpartition(".")
    return f".{ending.lower()}" if dot and ending.isascii() and ending.isalnum() else ""


def text_entry(name: str, content: Any) -> dict[str, Any]:
    """A document that the system writes, as JSON."""
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1)
    raw = written.encode()
    return {"name": name, "text": written, "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}


def with_manifest(entries: Sequence[Mapping[str, Any]], head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries and their manifest: name, size and SHA-256 of each, under what `head` says of the whole."""
    shown = ("name", "sha256", "size", "title", "attachment_id")
    files = [{name: one[name] for name in shown if one.get(name) is not None} for one in entries]
    return [*map(dict, entries), text_entry(MANIFEST, {**head, "files": files})]
