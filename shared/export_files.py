"""Tables as files: CSV and workbooks that say who took them, when and for what, and in which no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from shared.clock import SHANGHAI

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")
_MAX_CELL = 32_767


def harmless(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula (CWE-1236): an apostrophe before whatever could begin one,
    also behind blanks, tabs and line ends.
    """
    return f"'{text}" if text.lstrip().startswith(_BEGINS_FORMULA) or text[:1] in ("\t", "\r", "\n") else text


def plain(value: Any) -> str | int | Decimal:
    """A value as a cell holds it: numbers stay numbers, instants are told in Shanghai's time, nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, Decimal)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


def as_csv(titles: Sequence[str], rows: Iterable[Sequence[Any]], watermark: str) -> bytes:
    """UTF-8 with its mark, so that spreadsheets read Chinese; the watermark is the first line and the last."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([harmless(watermark)])
    writer.writerow([harmless(one) for one in titles])
    for row in rows:
        cells = (plain(value) for value in row)
        writer.writerow([harmless(one) if isinstance(one, str) else one for one in cells])
    writer.writerow([harmless(watermark)])
    return target.getvalue().encode("utf-8-sig")


def as_xlsx(titles: Sequence[str], rows: Iterable[Sequence[Any]], watermark: str) -> bytes:
    """A workbook: text as text, amounts as numbers; the watermark above the table, on every printed page, and in the
    properties.
    """
    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"comments": watermark})
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        amount = book.add_format({"num_format": "#,##0.00"})
        # `&` begins a code in page headers
        sheet.set_header("&L" + watermark.replace("&", "&&")[:240])
        sheet.write_string(0, 0, watermark[:_MAX_CELL])
        for at, title in enumerate(titles):
            sheet.write_string(1, at, title, bold)
        for n, row in enumerate(rows, 2):
            for at, value in enumerate(map(plain, row)):
                if isinstance(value, Decimal):
                    sheet.write_number(n, at, value, amount)  # type: ignore[arg-type] - it formats any number
                elif isinstance(value, int):
                    sheet.write_number(n, at, value)
                else:
                    sheet.write_string(n, at, value[:_MAX_CELL])
    return target.getvalue()


def written(form: str, titles: Sequence[str], rows: Iterable[Sequence[Any]], watermark: str) -> bytes:
    """The file in the form asked for, `csv` or `xlsx`. Blocking."""
    return (as_xlsx if form == "xlsx" else as_csv)(titles, rows, watermark)
