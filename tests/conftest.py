"""Engines for whichever test asks for them: started once per run, shared by all workers, gone at its end."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import engines as support

# An example is judged by its answer, never by the time a loaded machine needs for it.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_RUN, _CONTROLLER = "ANLAN_TEST_RUN", "ANLAN_TEST_CONTROLLER"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        # workers are started after this and inherit both
        os.environ[_RUN] = str(Path(tempfile.gettempdir()) / f"anlan-tests-{secrets.token_hex(6)}")
        os.environ[_CONTROLLER] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        support.leave(Path(os.environ[_RUN]))


@pytest.fixture(scope="session")
def worker() -> str:
    """Name of this xdist worker (`gw0`), or `main` without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def engines() -> support.EngineRun:
    """One PostgreSQL cluster and one nats-server; both have answered with the run's own nonce."""
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    # a worker that crashed is replaced under the next number
    workers = [f"gw{number}" for number in range(count * 2)] or ["main"]
    return support.join(Path(os.environ[_RUN]), int(os.environ[_CONTROLLER]), workers)


@pytest.fixture(scope="session")
async def clones(engines: support.EngineRun, worker: str) -> AsyncIterator[support.Clones]:
    """This worker's databases, with `reset()`."""
    made = support.Clones(engines, worker)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def database_urls(clones: support.Clones) -> Mapping[str, str]:
    """Deployable → address for its application role (`postgresql+asyncpg://…`). Asking makes the database."""
    return support.Urls(clones.application_url)


@pytest.fixture(scope="session")
def owner_urls(clones: support.Clones) -> Mapping[str, str]:
    """Deployable → address for the owner role."""
    return support.Urls(clones.owner_url)


@pytest.fixture(scope="session")
def nats_credentials(engines: support.EngineRun, worker: str) -> support.NatsCredentials:
    """This worker's own NATS account: address, seed of each deployable, seed of the bootstrap user."""
    return support.credentials(engines, worker)


@pytest.fixture
async def clean_databases(clones: support.Clones) -> support.Clones:
    """All databases that this worker has asked for so far, as their migrations left them."""
    await clones.reset()
    return clones
