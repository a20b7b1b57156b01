"""A courier in a process of its own, which dies where `CRASHPOINT` says: `python -m tests.support.webhook_worker`.

The environment names the database (`COURIER_DATABASE`) and how long to work (`COURIER_SECONDS`).
"""

from __future__ import annotations

import asyncio
import ipaddress
import os

from gateway.webhooks.delivering import Courier
from gateway.webhooks.sealing import Seal
from gateway.webhooks.targets import Terms
from shared.database import Database
from tests.support.tokens import MATRIX

SECRET = b"s" * 32
"""As the settings of the gateway under test have it."""


async def work() -> None:
    db = Database("gateway", os.environ["COURIER_DATABASE"], pool=5)
    terms = Terms(http=True, networks=[ipaddress.ip_network("127.0.0.0/8")])
    courier = Courier(db, terms, Seal(SECRET), MATRIX, "http://gateway")
    try:
        async with asyncio.timeout(float(os.environ["COURIER_SECONDS"])):
            await courier.run()
    except TimeoutError:
        pass
    await db.close()


if __name__ == "__main__":
    asyncio.run(work())
