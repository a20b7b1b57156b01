"""The one way in which generated JSON is written: sorted, indented, readable Chinese, a line break at the end."""

from __future__ import annotations

import json
from typing import Any


def json_bytes(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
