"""Runs a client's command with the org as all the world it knows."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.simulator.running import Simulator

HERE = Path(__file__).parent
LONGEST = 180


class ClientFailed(Exception):
    """A client ended with another code than 0: what it printed."""


@dataclass(frozen=True)
class Program:
    """A command of a client and the environment it runs in; `run` gives what it printed."""

    command: tuple[str, ...]
    environment: dict[str, str]

    def run(self, *arguments: str, given: str = "") -> str:
        ended = subprocess.run(
            [*self.command, *arguments],
            check=False,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        if ended.returncode:
            raise ClientFailed(
                f"{ended.returncode}\n{ended.stdout[-3000:]}\n{ended.stderr[-6000:]}"
            )
        return ended.stdout


def program(org: Simulator, *command: str, **more: str) -> Program:
    """A process that trusts the org's authority, knows its address and little else."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "SIMULATED_ORG": org.ready["url"],
        "REQUESTS_CA_BUNDLE": org.ready["ca_file"],
        "SSL_CERT_FILE": org.ready["ca_file"],
        "NODE_EXTRA_CA_CERTS": org.ready["ca_file"],
        "PYTHONPATH": str(HERE / "login_host"),
        **more,
    }
    return Program(command, environment)
