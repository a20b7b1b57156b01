"""The secrets of the stack as files: who may read them, how long they are, and that none is ever overwritten."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from embedded.databases import DEPLOYABLES
from embedded.engines.nats_config import BOOTSTRAP
from scripts import secrets

SECRET_NAMES = {one.name for one in secrets.all_secrets(Path("none"))} | {"nats.conf"}


def test_each_secret_is_readable_for_its_reader_alone(tmp_path):
    folder = tmp_path / "secrets"
    assert set(secrets.make_all(folder)) == SECRET_NAMES
    assert {path.name for path in folder.iterdir()} == SECRET_NAMES
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    readers = {one.name: one.reader for one in secrets.all_secrets(folder)} | {"nats.conf": secrets.NATS}
    for path in folder.iterdir():
        found = path.stat()
        assert found.st_mode & 0o337 == 0, f"{path.name}: {stat.filemode(found.st_mode)}"
        if os.geteuid() == 0:
            assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o400, readers[path.name])


def test_an_access_list_names_one_reader_and_not_the_world(tmp_path):
    file = tmp_path / "secret"
    file.write_text("x")
    file.chmod(0o400)
    os.setxattr(file, "system.posix_acl_access", secrets.access_list(12345))
    kept = os.getxattr(file, "system.posix_acl_access")
    assert kept == secrets.access_list(12345)
    assert file.stat().st_mode & 0o007 == 0


def test_a_secret_is_long_and_none_is_like_another(tmp_path):
    secrets.make_all(tmp_path)
    plain = {p.name: p.read_text().strip() for p in tmp_path.iterdir() if p.name not in ("nats.conf", "public-keys")}
    assert min(map(len, plain.values())) >= 43
    assert plain.pop("provision-superuser") == plain["postgres-superuser"]
    assert len(set(plain.values())) == len(plain)
    public = json.loads((tmp_path / "public-keys").read_text())["keys"]
    private = json.loads(plain["signing-key"])
    assert [one["kid"] for one in public] == [private["kid"]]
    assert "d" in private
    assert "d" not in public[0]


def test_making_secrets_again_changes_nothing_and_makes_what_is_missing(tmp_path):
    secrets.make_all(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert secrets.make_all(tmp_path) == []
    (tmp_path / "secret-crm").unlink()
    assert secrets.make_all(tmp_path) == ["secret-crm"]
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"secret-crm"}


def test_two_superuser_passwords_are_refused(tmp_path):
    secrets.make_all(tmp_path)
    (tmp_path / "postgres-superuser").unlink()
    with pytest.raises(secrets.CopiesDiffer):
        secrets.make_all(tmp_path)


def test_the_nats_configuration_holds_no_seed_and_syncs_always(tmp_path):
    secrets.make_all(tmp_path)
    text = (tmp_path / "nats.conf").read_text()
    assert "sync_interval: always" in text
    assert 'http: "127.0.0.1:8222"' in text
    for name in (BOOTSTRAP, *DEPLOYABLES):
        assert (tmp_path / f"nats-{name}").read_text().strip() not in text
