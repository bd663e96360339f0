"""The process that listens: whom it takes over from; a broker that is gone stops nothing."""

import os
import socket

import pytest
import redis

from worker import listen
from worker.listen import _is_dead, holder, wake

HERE = socket.gethostname()


def test_a_holder_is_a_process_of_a_machine() -> None:
    assert holder() == f"{HERE}:{os.getpid()}"


@pytest.mark.parametrize(
    ("name", "dead"),
    [
        (f"{HERE}:{os.getppid()}", False),
        (f"{HERE}:1", False),
        (f"{HERE}:{2**22 + 1}", True),
        (f"elsewhere:{2**22 + 1}", False),
        (f"{HERE}:", False),
        (HERE, False),
    ],
    ids=["alive", "somebody else's", "gone", "of another machine", "odd", "no process"],
)
def test_only_a_process_of_this_machine_can_be_known_to_be_dead(name: str, dead: bool) -> None:
    assert _is_dead(name) is dead


def test_a_process_that_had_our_number_before_us_is_dead() -> None:
    """In a container, the first process has the same number each time."""
    assert _is_dead(holder())


def test_nobody_to_wake_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        def wake(self, *_: object) -> None:
            raise redis.ConnectionError("no broker")

    monkeypatch.setattr(listen, "waker", Gone)
    wake("acme")
    assert "acme: nobody could be woken: no broker" in caplog.text
