"""The forwarding for a process of its own, as `uvicorn tests.support.gateway_process:create_app --factory` starts it.

The address of the database, a folder for keys and the service behind it come from the environment; one caller is known.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from fastapi import FastAPI

from gateway.forwarding.table import ForwardedRoute, RouteTable
from tests.support.forwarding_world import ROWS, Register, gateway_app
from tests.support.gateway import settings_of
from tests.support.tokens import actor

URL, FOLDER, SERVICES = "TEST_DATABASE_URL", "TEST_FOLDER", "TEST_SERVICE_URLS"


def create_app() -> FastAPI:
    register = Register()
    register.knows("agent", actor("service_agent", "00.32.3201.320102"))
    urls = json.loads(os.environ[SERVICES])
    settings = settings_of(os.environ[URL], Path(os.environ[FOLDER]), service_urls=urls)
    return gateway_app(settings, register, RouteTable(ForwardedRoute.of(row) for row in ROWS))
