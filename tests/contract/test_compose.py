"""The stack of containers as it is written down: every rule asserted for every service, and each can fail."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from embedded.databases import DEPLOYABLES
from embedded.engines.nats_config import BOOTSTRAP
from gateway.settings import GatewaySettings
from scripts import secrets
from services.crm.settings import CrmSettings
from shared.settings import DeployableSettings

ROOT = Path(__file__).resolve().parents[2]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
JOBS = {"volumes", "databases", "streams", "base-data", "demo"}
ENGINES = {"postgres", "nats"}
APIS = set(DEPLOYABLES)
WORKERS = {f"{name}-worker" for name in DEPLOYABLES}
LASTING = ENGINES | APIS | WORKERS
OWN = {"postgres": {"user": "999:999"}, "nats": {"user": "10002:10002"}}
SECRET_NAMES = {one.name for one in secrets.all_secrets(Path("none"))} | {"nats.conf"}

each = pytest.mark.parametrize("name", sorted(SERVICES))
lasting = pytest.mark.parametrize("name", sorted(LASTING))


def deployable_of(name: str) -> str:
    return name.removesuffix("-worker")


def secrets_of(service: dict[str, Any]) -> set[str]:
    return {one if isinstance(one, str) else one["source"] for one in service.get("secrets", ())}


def test_the_stack_has_an_api_and_a_worker_for_each_deployable_both_engines_and_the_jobs():
    assert set(SERVICES) == LASTING | JOBS


@each
def test_a_container_runs_as_an_account_of_its_own_and_can_gain_nothing(name):
    service = SERVICES[name]
    assert service["user"] == OWN.get(name, {}).get("user", "10001:10001")
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "devices", "pid", "ipc", "userns_mode"} & service.keys()


@each
def test_a_container_writes_to_its_volumes_and_a_small_temporary_directory_only(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    places = dict(entry.split(":", 1) for entry in service["tmpfs"])
    assert set(places) == {"/tmp"} | ({"/var/run/postgresql"} if name == "postgres" else set())
    for options in places.values():
        assert {"noexec", "nosuid", "nodev"} <= set(options.split(","))
        assert re.search(r"(^|,)size=\d+m(,|$)", options)
    assert "size=64m" in places["/tmp"].split(",")


@each
def test_a_container_is_bounded(name):
    service = SERVICES[name]
    assert 0 < service["pids_limit"] <= 400
    assert 0 < float(service["cpus"]) <= 2
    assert re.fullmatch(r"[0-9]+m", service["mem_limit"])
    assert service["init"] is True
    assert service["logging"]["driver"] == "json-file"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


@each
def test_an_image_is_named_by_tag_through_a_variable(name):
    image = SERVICES[name]["image"]
    assert image.startswith("${")
    assert re.search(r":[^:@]+$", image)
    assert "@" not in image
    assert ":latest" not in image
    if "build" in SERVICES[name]:
        assert SERVICES[name]["build"]["args"]["PYTHON_IMAGE"].startswith("${PYTHON_IMAGE:-python:3.13-slim")


@lasting
def test_what_lasts_is_restarted_and_says_whether_it_is_ready(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert "stop_grace_period" in service
    if name in APIS | WORKERS:
        port = "8001" if name in WORKERS else "8000"
        assert service["healthcheck"]["test"] == ["CMD", "python", "-IS", "/app/deploy/health.py", port]


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_ends_and_is_waited_for(name):
    job = SERVICES[name]
    assert job["restart"] == "no"
    assert job["healthcheck"] == {"disable": True}
    waiting = [one for one in SERVICES.values() if name in one.get("depends_on", {})]
    assert all(one["depends_on"][name] == {"condition": "service_completed_successfully"} for one in waiting)
    assert bool(waiting) == (name != "demo")
    assert job.get("profiles") == (["demo"] if name == "demo" else None)


def test_whoever_needs_an_engine_waits_until_it_is_ready_and_prepared():
    for name in APIS | WORKERS:
        needs = SERVICES[name]["depends_on"]
        assert needs["postgres"] == {"condition": "service_healthy"}
        assert needs["databases"] == {"condition": "service_completed_successfully"}
        assert ("streams" in needs, "nats" in needs) == (name in WORKERS, name in WORKERS)


def test_networks_are_closed_but_one_and_nobody_is_in_more_than_needed():
    assert {name: (one or {}).get("internal", False) for name, one in STACK["networks"].items()} == {
        "edge": False, "svc": True, "bus": True, "db": True,
    }  # fmt: skip
    wanted = {"postgres": {"db"}, "nats": {"bus"}, "databases": {"db"}, "base-data": {"db"}, "demo": {"svc", "db"}}
    wanted |= {name: {"svc", "db"} for name in APIS} | {name: {"bus", "db"} for name in WORKERS}
    wanted["gateway"] = {"edge", "svc", "db"}
    # asks the services before a unit closes, and carries webhooks out
    wanted["gateway-worker"] = {"edge", "svc", "bus", "db"}
    assert {name: set(one["networks"]) for name, one in SERVICES.items() if "networks" in one} == wanted
    # the monitoring page answers on the server's loopback only
    modes = {name: one["network_mode"] for name, one in SERVICES.items() if "network_mode" in one}
    assert modes == {"streams": "service:nats", "volumes": "none"}


def test_only_the_gateway_publishes_a_port_and_only_on_the_loopback():
    ports = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert ports == {"gateway": ["127.0.0.1:${ANLAN_PORT:-8000}:8000"]}


@each
def test_no_secret_and_no_test_switch_stands_in_an_environment(name):
    environment = SERVICES[name].get("environment", {})
    assert isinstance(environment, dict)
    for key, value in environment.items():
        if re.search(r"PASSWORD|SECRET|SEED|KEY", key):
            assert key.endswith(("_FILE", "_DIR")), key
            assert str(value).startswith("/run/secrets"), key
        assert not re.search(r"//[^/@]*:[^/@]*@", str(value)), f"{key} holds a password"
        assert "CRASHPOINT" not in key
        assert "CLOCK" not in key
    if name not in ENGINES | {"volumes"}:
        assert environment["ANLAN_ENVIRONMENT"] == "production"


def test_every_secret_is_a_file_that_is_made_and_read_by_somebody():
    named = {name: one["file"] for name, one in STACK["secrets"].items()}
    assert named == {name: f"${{ANLAN_SECRETS:-./secrets}}/{name}" for name in SECRET_NAMES}
    assert set().union(*map(secrets_of, SERVICES.values())) == SECRET_NAMES


def test_a_secret_is_mounted_only_where_it_is_read():
    holders = {secret: {n for n, one in SERVICES.items() if secret in secrets_of(one)} for secret in SECRET_NAMES}
    assert holders["signing-key"] == {"gateway", "gateway-worker"}
    assert holders["postgres-superuser"] == {"postgres"}
    assert holders["provision-superuser"] == holders["database-owner"] == {"databases"}
    assert holders[f"nats-{BOOTSTRAP}"] == {"streams"}
    assert holders["core-system-key"] == holders["demo-password"] == {"demo"}
    for name in DEPLOYABLES:
        extra = {"base-data", "demo"} if name == "gateway" else set()
        assert holders[f"database-{name}"] == {name, f"{name}-worker", "databases"} | extra
        assert holders[f"nats-{name}"] == {f"{name}-worker"}
        assert holders[f"secret-{name}"] == {name, f"{name}-worker"}


@pytest.mark.parametrize("name", sorted(APIS | WORKERS))
def test_every_file_that_a_process_is_told_is_mounted_and_every_name_is_one_of_its_settings(name):
    service, prefix = SERVICES[name], f"{deployable_of(name).upper()}_"
    told = {key.removeprefix(prefix): value for key, value in service["environment"].items() if key.startswith(prefix)}
    own = {"gateway": GatewaySettings, "crm": CrmSettings}
    settings = own.get(deployable_of(name), DeployableSettings)
    assert {key.lower() for key in told} <= set(settings.model_fields)
    mounted = {f"/run/secrets/{one}" for one in secrets_of(service)}
    files = {value for key, value in told.items() if key.endswith("_FILE")}
    assert files - mounted == set()
    assert told["DATABASE_URL"].endswith(f"/anlan_{deployable_of(name)}")


def test_the_gateway_knows_every_service_by_its_name_in_the_stack():
    told = json.loads(SERVICES["gateway"]["environment"]["GATEWAY_SERVICE_URLS"])
    assert told == {name: f"http://{name}:8000" for name in DEPLOYABLES if name != "gateway"}


def test_volumes_are_named_and_files_of_records_are_where_their_owner_runs():
    mounts = {name: [one.split(":") for one in service.get("volumes", ())] for name, service in SERVICES.items()}
    assert {volume for pairs in mounts.values() for volume, _ in pairs} == set(STACK["volumes"])
    for name in APIS | WORKERS:
        assert mounts[name] == [[f"{deployable_of(name)}-files", "/var/lib/anlan/attachments"]]
    assert mounts["postgres"] == [["postgres", "/var/lib/postgresql"]]
    assert mounts["nats"] == mounts["volumes"] == [["nats", "/var/lib/nats"]]
    assert not any(mounts[name] for name in JOBS - {"volumes"})


def test_the_database_server_keeps_what_it_acknowledges_and_has_room_for_every_pool():
    options = dict(one.removeprefix("--").split("=") for one in SERVICES["postgres"]["command"][1:])
    assert {options[name] for name in ("synchronous_commit", "full_page_writes", "fsync")} == {"on"}
    pools = len(APIS | WORKERS) * DeployableSettings.model_fields["database_pool"].default
    assert int(options["max_connections"]) >= pools * 1.5
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres-superuser"


def test_whoever_sends_mail_is_told_how_and_finds_the_way_out():
    mail = yaml.safe_load((ROOT / "deploy/compose.mail.yml").read_text(encoding="utf-8"))
    senders = {path.parent.name for path in ROOT.glob("services/*/worker.py") if "sending(" in path.read_text("utf-8")}
    assert set(mail["services"]) == {f"{name}-worker" for name in senders}
    for name, added in mail["services"].items():
        prefix = f"{deployable_of(name).upper()}_"
        told = {key.removeprefix(prefix).lower(): value for key, value in added["environment"].items()}
        assert set(told) <= set(DeployableSettings.model_fields)
        assert (told["notice_adapter"], added["networks"]) == ("smtp", ["edge"])
        assert told["smtp_password_file"] in {f"/run/secrets/{one}" for one in secrets_of(added)}
        assert secrets_of(added) <= set(mail["secrets"])
