"""The checker: a program beside the product that compares all stores of a running system.

It knows no code of the deployables: it reads their databases with a role of its own that sees every row and may
change none, the streams as the bootstrap user, the files and the logs. What it knows of the product (who listens to
what, which lives records have) lies in `subscriptions.json` and `lifecycles.json`; a test compares both with the
product.
"""

from __future__ import annotations

from embedded.check.comparison import compare

__all__ = ["compare"]
