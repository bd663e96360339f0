"""The demo, as a newcomer runs it."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.harness import LICENSE_SYNC, surroundings, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]


def test_the_demo_ends_by_itself_with_everything_settled() -> None:
    done = subprocess.run(
        [LICENSE_SYNC, "demo", "--exit", "--json"],
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["edits"] == summary["edits_settled"] > 4
    assert summary["licenses_corrected"] > 3
    assert summary["conflicts_opened"] == summary["conflicts_resolved"] == 1
    assert (summary["pending"], summary["parked"]) == (0, 0)


def test_the_demo_stays_up_can_be_edited_and_finds_its_state(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    for _ in range(2):
        with (tmp_path / "out").open("w") as out:
            demo = subprocess.Popen(
                [LICENSE_SYNC, "demo", "--state-dir", str(home)],
                env=surroundings(),
                stdout=out,
                stderr=out,
            )
        try:
            wait_for("it stays up", lambda: "Ctrl-C" in (tmp_path / "out").read_text(), 90)
            said = (tmp_path / "out").read_text()
            user = said.split("demo-edit ")[1].split()[0]
            mine = surroundings() | {"LICENSE_SYNC_ENV_FILE": str(home / "demo.env")}
            subprocess.run(
                [LICENSE_SYNC, "demo-edit", user, "--tick", "Freedom"], env=mine, check=True
            )

            def explained(user: str = user, mine: dict[str, str] = mine) -> bool:
                told = subprocess.run(
                    [LICENSE_SYNC, "explain", user, "--json"],
                    env=mine,
                    capture_output=True,
                    check=True,
                )
                found = json.loads(told.stdout)
                return found["settled"] and "CTI" in found["held"]

            wait_for("the edit is settled", explained)
        finally:
            demo.send_signal(signal.SIGINT)
            assert demo.wait(60) == 0
