"""An org in a folder lives on: after a stop, after a kill, and when its schema grows."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.running import ROOT, Client, Simulator

FIELD = """<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>More__c</fullName>
<defaultValue>true</defaultValue><label>More</label><type>Checkbox</type></CustomField>"""


def start(folder: Path, *more: str) -> Simulator:
    return Simulator("--users", "30", "--seed", "3", "--data", str(folder), *more)


def some_user(simulator: Simulator) -> str:
    return str(simulator.control("GET", "users?limit=10")["users"][-1]["Id"])


def test_a_second_start_finds_everything(tmp_path: Path) -> None:
    first = start(tmp_path)
    sync, user = first.login(), some_user(first)
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "stays"})
    first.control("POST", "clock", {"offset": 50})
    first.control("POST", "quota", {"max": 5000, "used": 76})
    assert sync.call("GET", "limits").status_code == 200
    calls = first.control("GET", "journal/summary")["last"]
    assert first.stop() == 0
    second = start(tmp_path, "--brownfield")
    same = (
        "client_id",
        "client_secret",
        "organization_id",
        "jwt_username",
        "ca_file",
        "jwt_private_key_file",
    )
    assert {k: first.ready[k] for k in same} == {k: second.ready[k] for k in same}
    old = second.client(str(sync.headers["Authorization"]).removeprefix("Bearer "))
    assert old.soql(f"SELECT Title FROM User WHERE Id = '{user}'")[0]["Title"] == "stays"
    assert old.call("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=79/5000"
    assert second.control("GET", "state")["clock_offset"] == 50
    assert second.control("GET", "journal/summary")["last"] == calls + 2
    assert [c["after"] for c in second.changes(0)] == [{"Title": "stays"}]
    second.stop()


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    first = start(tmp_path)
    sync, user = first.login(), some_user(first)
    for n in range(50):
        assert (
            sync.call("PATCH", f"sobjects/User/{user}", json={"Title": f"t{n}"}).status_code == 204
        )
    first.kill()
    second = start(tmp_path)
    assert second.login().soql(f"SELECT Title FROM User WHERE Id = '{user}'")[0]["Title"] == "t49"
    assert len(second.changes(0)) == 50
    second.stop()


def test_a_new_field_arrives_with_its_default(tmp_path: Path) -> None:
    start(tmp_path / "org").stop()
    shutil.copytree(ROOT / "sfdx", tmp_path / "sfdx")
    fields = tmp_path / "sfdx" / "force-app" / "main" / "default" / "objects" / "User" / "fields"
    (fields / "More__c.field-meta.xml").write_text(FIELD)
    second = start(tmp_path / "org", "--schema", str(tmp_path / "sfdx"))
    users = second.control("GET", "users")["users"]
    assert all(u["More__c"] is True for u in users)
    assert len(users) == 34
    second.stop()


def test_without_a_folder_nothing_is_left(tmp_path: Path) -> None:
    simulator = Simulator("--users", "5")
    folder = Path(simulator.ready["ca_file"]).parent
    assert folder.exists()
    assert oct(Path(simulator.ready["jwt_private_key_file"]).stat().st_mode)[-3:] == "600"
    simulator.process.send_signal(signal.SIGINT)
    assert simulator.stop() == 0
    assert not folder.exists()


def test_a_folder_serves_one_process_at_a_time(tmp_path: Path) -> None:
    first = start(tmp_path)
    for more in (
        ["--data", str(tmp_path)],
        ["--port", first.ready["url"].rsplit(":", 1)[1]],
        ["--users", "1"],
    ):
        command = [sys.executable, "-m", "simulator", *more]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert first.login().call("GET", "limits").status_code == 200
    first.stop()


def test_control_is_off_unless_asked_for(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "--users", "5"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        ready = json.loads(process.stdout.readline())
        with Client(ready["url"], ready["ca_file"]) as client:
            assert client.call("GET", "/__control__/state").status_code == 404
        process.terminate()
        assert process.wait(15) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    "content",
    [
        "<CustomField",
        FIELD.replace("Checkbox", "Hologram"),
        FIELD.replace("<type>", "<formula>FOO()</formula><type>"),
    ],
)
def test_a_schema_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: str) -> None:
    shutil.copytree(ROOT / "sfdx", tmp_path / "sfdx")
    fields = tmp_path / "sfdx" / "force-app" / "main" / "default" / "objects" / "User" / "fields"
    (fields / "More__c.field-meta.xml").write_text(content)
    command = [sys.executable, "-m", "simulator", "--schema", str(tmp_path / "sfdx")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("simulator: ")
    assert "Traceback" not in done.stderr
