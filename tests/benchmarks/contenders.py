"""Who the forwarding is measured against: nginx as the system ships it, and a Node gateway as a team would write it.

Neither belongs to this project; where one is not there, its figure is left out and the page says why.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from joserfc import jwt
from joserfc.jwk import OKPKey

from embedded.engines.process import free_port
from embedded.home import HOST
from scripts.typescript_client import node_folder
from shared.clock import process_now

FOLDER = Path(__file__).parent / "node_gateway"
NAMES = ("package.json", "package-lock.json", ".npmrc", "gateway.js")
_PATIENCE_S = 15.0
_INSTALL_S = 180.0


class NotThere(RuntimeError):
    """The contender is not on this machine; the text says what is missing."""


@dataclass(frozen=True)
class Contender:
    """A gateway that listens."""

    name: str
    port: int
    pid: int
    headers: Mapping[str, str]


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[Contender]:
    """One process, connections to the upstream kept, no check of any kind. Raises `NotThere`."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise NotThere("nginx is not installed (Debian: nginx-light)")
    port, place = free_port(), folder / "nginx"
    place.mkdir()
    (place / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;\n"
        "events { worker_connections 2048; }\n"
        f"http {{ access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b;\n"
        f"  fastcgi_temp_path {place}/c; uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n"
        f"  keepalive_requests 1000000; upstream bare {{ server {HOST}:{upstream}; keepalive 200;"
        " keepalive_requests 1000000; }\n"
        f"  server {{ listen {HOST}:{port}; location / {{ proxy_pass http://bare; proxy_http_version 1.1;"
        ' proxy_set_header Connection ""; } } }\n',
        encoding="ascii",
    )
    command = [program, "-e", str(place / "error.log"), "-c", str(place / "nginx.conf"), "-p", str(place)]
    with (place / "out").open("wb") as out, _running("nginx", command, {}, port, out) as pid:
        yield Contender("nginx", port, pid, {})


@contextmanager
def node(folder: Path, upstream: int) -> Iterator[Contender]:
    """fastify with @fastify/http-proxy and @fastify/jwt: the token's signature is verified. Raises `NotThere`."""
    place = _installed()
    key = OKPKey.generate_key("Ed25519", parameters={"kid": "bench", "use": "sig"})
    (folder / "node-keys.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="ascii")
    now = int(process_now().timestamp())
    claims = {"aud": "anlan", "sub": "bench", "iat": now, "exp": now + 3600}
    token = jwt.encode({"alg": "EdDSA", "kid": "bench"}, claims, key, algorithms=["EdDSA"])
    port = free_port()
    told = {
        "PORT": str(port), "UPSTREAM": f"http://{HOST}:{upstream}", "KEYS": str(folder / "node-keys.json"),
        "NODE_ENV": "production",
    }  # fmt: skip
    found = node_folder()
    assert found is not None
    command = [str(found / "bin" / "node"), str(place / "gateway.js")]
    with (folder / "node.out").open("wb") as out, _running("the Node gateway", command, told, port, out) as pid:
        yield Contender("Node (fastify)", port, pid, {"Authorization": f"Bearer {token}"})


def _installed() -> Path:
    """The folder with the packages, by the lock file; kept in the user's cache between runs."""
    found = node_folder()
    if found is None:
        raise NotThere("Node is not in this environment (`make env`)")
    digest = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in NAMES)).hexdigest()[:12]
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anlan" / f"node-gateway-{digest}"
    if not (place / "node_modules" / "fastify").exists():
        place.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            shutil.copyfile(FOLDER / name, place / name)
        command = [
            str(found / "bin" / "node"), str(found / "lib/node_modules/npm/bin/npm-cli.js"), "ci", "--loglevel", "error"
        ]  # fmt: skip
        try:
            subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=_INSTALL_S)
        except (subprocess.SubprocessError, OSError) as fault:
            shutil.rmtree(place / "node_modules", ignore_errors=True)
            raise NotThere("the packages of the Node gateway could not be installed by npm") from fault
    return place


@contextmanager
def _running(name: str, command: list[str], told: Mapping[str, str], port: int, out: IO[bytes]) -> Iterator[int]:
    process = subprocess.Popen(command, env={**os.environ, **told}, stdout=out, stderr=out)
    try:
        until = time.monotonic() + _PATIENCE_S
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise NotThere(f"{name} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as tried:
        tried.settimeout(0.5)
        return tried.connect_ex((HOST, port)) == 0
