"""The page of problem codes: what every `type` of a refusal points to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>Anlan 安澜 · Problem codes</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ddd; padding: .4rem .6rem; text-align: left; vertical-align: top; }
tr:target { background: #fff3c4; }
code { white-space: nowrap; }
</style></head><body>
<h1>Problem codes · 错误代码</h1>
<p>Every refusal is <code>application/problem+json</code>. Branch on <code>code</code>, show <code>detail</code>.</p>
<table><thead><tr><th>code</th><th>status</th><th>说明</th><th>meaning</th><th>answered by</th></tr></thead><tbody>
"""


def problem_page(problems: Iterable[Mapping[str, Any]]) -> bytes:
    """One row for each code, its anchor the code itself."""
    return (_HEAD + "".join(_row(one) for one in problems) + "</tbody></table></body></html>\n").encode()


def _row(problem: Mapping[str, Any]) -> str:
    code = escape(problem["code"])
    cells = [
        f"<code>{code}</code>",
        str(problem["status"]),
        f"<b>{escape(problem['title']['zh'])}</b><br>{escape(problem['detail']['zh'])}",
        f"<b>{escape(problem['title']['en'])}</b><br>{escape(problem['detail']['en'])}",
        escape(", ".join(problem["services"])),
    ]
    return f'<tr id="{code}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
