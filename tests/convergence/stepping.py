"""Workers that stop before and after all they do, so that a test can put things in between."""

import threading
from collections.abc import Callable

PORTS = ("claim", "renew", "context", "record_intents", "book", "release")
CALLS = ("read", "gone", "write", "write_if_unmodified")


class Killed(BaseException):
    """The worker's process is gone."""


class Gate:
    """Where one worker waits for leave to go on; only one thread runs at a time."""

    def __init__(self) -> None:
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self.is_killed = False
        self.at = "start"

    def pass_(self, name: str) -> None:
        """Called by the worker: stop here until it may go on."""
        self.at = name
        self._stopped.release()
        self._go.acquire()
        if self.is_killed:
            raise Killed

    def step(self) -> None:
        """Called by the test: let the worker go on to its next stop."""
        self._go.release()
        self._stopped.acquire()

    def end(self) -> None:
        """Called by the worker: it is done."""
        self.at = "done"
        self._stopped.release()


class Gated:
    """An object whose named methods stop at the gate before they run and after."""

    def __init__(self, behind: object, gate: Gate, names: tuple[str, ...]) -> None:
        self._behind, self._gate, self._names = behind, gate, names

    def __getattr__(self, name: str) -> object:
        found = getattr(self._behind, name)
        if name not in self._names:
            return found

        def stopping(*args: object, **kwargs: object) -> object:
            self._gate.pass_(f"before {name}")
            result = found(*args, **kwargs)
            self._gate.pass_(f"after {name}")
            return result

        return stopping


class Worker:
    """A thread that does one thing, step by step."""

    def __init__(self, work: Callable[[Gate], object]) -> None:
        self.gate = Gate()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()
        self.gate._stopped.acquire()

    def _run(self, work: Callable[[Gate], object]) -> None:
        try:
            self.gate.pass_("start")
            work(self.gate)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self.error = error
        finally:
            self.gate.end()

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.gate.at == "done"

    def step(self) -> None:
        """Go on to the next stop; raises what the worker raised."""
        self.gate.step()
        if self.is_done:
            self._thread.join(10)
            if self.error is not None:
                raise self.error

    def finish(self) -> None:
        """Go on to the end."""
        while not self.is_done:
            self.step()

    def kill(self) -> None:
        """End it where it stands: kill -9."""
        if not self.is_done:
            self.gate.is_killed = True
            self.gate.step()
            self._thread.join(10)
