"""The processes of one machine: an API and a worker for each deployable."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from embedded.engines.nats import NatsServer
from embedded.engines.postgres import PostgresCluster
from embedded.engines.process import free_port
from embedded.home import HOST, SERVICES, Home

_UVICORN = (
    *("--factory", "--host", HOST, "--no-proxy-headers", "--no-server-header"),
    *("--no-access-log", "--timeout-keep-alive", "30", "--timeout-graceful-shutdown", "10", "--log-level", "warning"),
)
_HTTP = {"gateway": "gateway.forwarding.client_connection:ClientConnection"}
"""The protocol of its clients' connections, where that is one of its own."""


@dataclass(frozen=True)
class Part:
    """One process: how it is started, and the page that says whether it is ready."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: str

    def ready(self) -> tuple[bool, str]:
        """Whether it is ready, and otherwise what it waits for."""
        try:
            with urllib.request.urlopen(self.health, timeout=2) as answer:  # noqa: S310 - our own loopback address
                return answer.status == 200, ""
        except urllib.error.HTTPError as refusal:
            parts = json.loads(refusal.read() or b"{}").get("parts", {})
            return False, ", ".join(f"{name}: {value}" for name, value in parts.items() if value != "ok")
        except OSError as fault:
            return False, type(fault).__name__


def _api(name: str, module: str, port: int, environment: Mapping[str, str], check: str) -> Part:
    http = ("--http", _HTTP.get(name, "httptools"))
    command = (sys.executable, "-m", "uvicorn", f"{module}.app:create_app", "--port", str(port), *http, *_UVICORN)
    return Part(f"{name} API", command, environment, f"http://{HOST}:{port}{check}")


def _worker(name: str, module: str, environment: Mapping[str, str]) -> Part:
    port = free_port()
    told = {**environment, f"{name.upper()}_HEALTH_PORT": str(port)}
    return Part(f"{name} worker", (sys.executable, "-m", f"{module}.worker"), told, f"http://{HOST}:{port}/readyz")


def all_parts(home: Home, postgres: PostgresCluster, nats: NatsServer, gateway_port: int) -> list[Part]:
    """Every process in the order of starting; the gateway's worker first, since services wait for its events."""
    ports = {service: free_port() for service in SERVICES}
    told = {
        "GATEWAY_SERVICE_URLS": json.dumps({name: f"http://{HOST}:{port}" for name, port in ports.items()}),
        "GATEWAY_SIGNING_KEY_FILE": str(home.signing_key),
        "GATEWAY_PUBLIC_URL": f"http://{HOST}:{gateway_port}",
        "GATEWAY_DOCS": "true",
        "GATEWAY_PASSWORD_MAX_DAYS": "0",
    }
    gateway = home.environment("gateway", postgres, nats) | told
    parts = [_worker("gateway", "gateway", gateway), _api("gateway", "gateway", gateway_port, gateway, "/readyz")]
    for service in SERVICES:
        environment = home.environment(service, postgres, nats)
        linked = {"CRM_SURVEY_PAGE_URL": f"http://{HOST}:{gateway_port}/survey"} if service == "crm" else {}
        parts.append(_worker(service, f"services.{service}", environment | linked))
        parts.append(_api(service, f"services.{service}", ports[service], environment, "/readyz"))
    return parts
