"""RPCs that a test has ordered to fail, each so many times."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.pubsub.refusals import Refusal


@dataclass
class Failure:
    rpc: str
    why: Refusal
    left: int


class Failures:
    def __init__(self) -> None:
        self._ordered: list[Failure] = []

    def add(self, rpc: str, why: Refusal, count: int) -> None:
        self._ordered.append(Failure(rpc, why, count))

    def strike(self, rpc: str) -> None:
        """Raises the first one that is ordered for this RPC."""
        for failure in self._ordered:
            if failure.rpc == rpc and failure.left > 0:
                failure.left -= 1
                raise failure.why

    def waiting(self) -> list[dict[str, object]]:
        return [
            {"rpc": f.rpc, "code": f.why.code, "status": f.why.status.name, "left": f.left}
            for f in self._ordered
            if f.left
        ]

    def clear(self) -> None:
        self._ordered.clear()
