"""The committed messages are those of the .proto beside them."""

from pathlib import Path

import pytest
from grpc_tools import protoc

import eventbus

FOLDER = Path(eventbus.__file__).parent


@pytest.mark.parametrize("name", ["pubsub_api_pb2.py", "pubsub_api_pb2.pyi"])
def test_the_messages_are_made_of_the_proto(tmp_path: Path, name: str) -> None:
    made = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    assert protoc.main(["", f"-I{FOLDER}", *made, "pubsub_api.proto"]) == 0
    assert (tmp_path / name).read_text() == (FOLDER / name).read_text(), "run `make stubs`"
