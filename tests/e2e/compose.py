"""The services of docker-compose.yml, as processes on this machine."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def load(text: str | None = None) -> dict[str, Any]:
    """The compose file with its anchors and merges resolved."""
    found: dict[str, Any] = yaml.safe_load(text or FILE.read_text(encoding="utf-8"))
    return found


def simulator_command() -> tuple[dict[str, str], list[str]]:
    """The variables and the command that the file's head gives for the simulated org."""
    found = re.search(r"^#   (.*--profile simulator up.*)$", FILE.read_text("utf-8"), re.MULTILINE)
    assert found
    words = shlex.split(found[1])
    variables = [word for word in words if re.match(r"[A-Z_]+=", word)]
    return dict(word.split("=", 1) for word in variables), words[len(variables) :]


def seconds(duration: str) -> float:
    """A duration of the compose file: 40s, 1m30s."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(float(n) * units[unit] for n, unit in re.findall(r"([\d.]+)(ms|s|m|h)", duration))


@dataclass
class Machine:
    """Runs services with what the containers would see replaced by what there is here."""

    folder: Path
    replace: Mapping[str, str]
    path: str
    variables: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=lambda: load()["services"])
    started: dict[str, Service] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """A text of the compose file, with the addresses of this machine."""
        text = _VARIABLE.sub(lambda found: self.variables.get(found[1]) or found[2], text)
        longest_first = sorted(self.replace, key=len, reverse=True)
        places = "|".join(re.escape(there) for there in longest_first)
        return re.sub(places, lambda found: self.replace[found[0]], text)

    def command(self, service: str) -> list[str]:
        """The service's command, here."""
        command = self.services[service]["command"]
        if isinstance(command, str):
            return shlex.split(self.here(command))
        return [self.here(word) for word in command]

    def environment(self, service: str) -> dict[str, str]:
        given = self.services[service].get("environment", {})
        assert isinstance(given, dict)
        return {
            "PATH": f"{self.path}{os.pathsep}{os.defpath}",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONSAFEPATH": "1",
            **{name: self.here(str(value)) for name, value in given.items()},
        }

    @property
    def working_folder(self) -> Path:
        """Read-only in a container: whatever is written here is a mistake."""
        return self.folder / "cwd"

    def start(self, service: str, *command: str) -> Service:
        """Start it with the file's command, or with another one in its surroundings."""
        log = self.folder / f"{service}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command or self.command(service),
                env=self.environment(service),
                cwd=self.working_folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started[service] = Service(service, process, log)
        return self.started[service]

    def run(self, service: str, *command: str, timeout: float = 60) -> str:
        """A command in a service's surroundings, to its end; without one, the service itself."""
        done = subprocess.run(
            [self.here(word) for word in command] or self.command(service),
            env=self.environment(service),
            cwd=self.working_folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def is_healthy(self, service: str) -> bool:
        """Whether the service's health check passes, in the time that the file gives it."""
        check = self.services[service]["healthcheck"]
        how, *command = check["test"]
        assert how == "CMD"
        try:
            self.run(service, *command, timeout=seconds(check["timeout"]))
        except (AssertionError, subprocess.TimeoutExpired):
            return False
        return True

    def wait_until_healthy(self, service: Service) -> None:
        patience = seconds(self.services[service.name]["healthcheck"]["start_period"])
        deadline = time.monotonic() + patience
        while not self.is_healthy(service.name):
            assert service.process.poll() is None, service.said()
            assert time.monotonic() < deadline, service.said()
            time.sleep(0.3)

    def kill_all(self) -> None:
        """End what still runs."""
        for service in reversed(self.started.values()):
            service.kill()


@dataclass
class Service:
    """A started service."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return f"{self.name}: {self.log.read_text(errors='replace')[-4000:]}"

    def stop(self, patience: float) -> None:
        """SIGTERM to the process alone, as Docker sends it, and wait for its end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end within {patience} s: {self.said()}") from None

    def has_left_something(self) -> bool:
        """Whether any process of its session is still there."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        if self.has_left_something():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
