"""One run: the lanes of a schedule side by side, then peace, then the checker."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import ways
from tests.chaos.books import BUSY, heard, open_streams
from tests.chaos.checks.checker import check
from tests.chaos.gathering import beginning, gather
from tests.chaos.people import Editor, Ledger, Racer, Reviewer, api_token
from tests.chaos.quiet import NeverQuiet, wait_until_quiet
from tests.chaos.report import Told, account, summary
from tests.chaos.schedule import Event, Schedule
from tests.chaos.stage import Stage, stage
from tests.chaos.stream_lane import StreamLane
from tests.chaos.troubles import FaultLane, TroubleLane
from tests.e2e.harness import ORG, Salesforce

WRITES_PER_HOUR = 20
"""What the program writes to one user at most, as it is shipped."""

GRACE_SECONDS = 20.0
"""How long after its time an event may begin: later it is left out, and counted."""


def _writes_per_hour(seconds: float) -> int:
    """As many as usual in an hour for each minute of the run: in a long one everybody who is edited
    all the time would have to wait for the hour to pass.
    """
    return min(1000, max(1, round(seconds / 60)) * WRITES_PER_HOUR)


@dataclass
class Campaign:
    """A schedule on a database; `users` are those of the troubled org.

    Of the lanes only those in `only` act, if any are named.
    """

    schedule: Schedule
    database: str
    users: int = 300
    only: Collection[str] = ()
    ledger: Ledger = field(default_factory=Ledger)
    failures: list[str] = field(default_factory=list)

    def run(self, home: Path) -> Told:
        """Do it in `home`; the summary, and an account of whoever was wronged."""
        plan = self.schedule
        with stage(
            home,
            database=self.database,
            users=self.users,
            seed=plan.seed,
            clock_offset=plan.clock_offset,
            workers_ahead=plan.workers_ahead,
            has_brake=plan.has_brake,
            writes_per_hour=_writes_per_hour(plan.seconds),
            way=plan.way,
        ) as made:
            return self._run_on(made)

    def _run_on(self, made: Stage) -> Told:
        quiet_at_first = wait_until_quiet(made)
        start = beginning(made)
        with ExitStack() as stack:
            token = api_token(made)
            reviewer = Reviewer(made, self.ledger, token)
            lanes = self._act(made, token, stack)
            lanes.faults.heal()
            lanes.stream.heal()
            self._make_peace(made, stack.enter_context(closing(reviewer)), lanes)
        figures: dict[str, Any] = {"quiet_at_first": round(quiet_at_first, 1)}
        try:
            figures["quiet_after"] = round(wait_until_quiet(made), 1)
        except NeverQuiet as error:
            self.failures.append(str(error))
        evidence = gather(made, start, lanes.troubles.when, token)
        verdict = check(evidence)
        figures |= {
            "kills": dict(lanes.troubles.kills),
            "faults": dict(lanes.faults.hits),
            "stream": dict(lanes.stream.hits),
            "told": {
                **ways.figures(made.way, made.org),
                **heard(made.books, ORG),
                "places lost": evidence.log.count("place in the stream is lost"),
                "found dead": evidence.log.count("The stream said nothing for"),
                "refused": evidence.log.count("an outbound message was refused"),
            },
            "people": dict(self.ledger.counts),
            "disk": made.disk.how,
            "tracebacks": evidence.log.count("Traceback"),
        }
        told = summary(self.schedule, made.database, verdict, figures, self.failures)
        return Told(told, account(evidence, verdict))

    def _act(self, made: Stage, token: str, stack: ExitStack) -> "_Lanes":
        """All lanes, from now on until the time is up; this thread does the troubles."""

        def editor(org: Salesforce) -> Editor:
            one = Editor(org, self.ledger, _people_of(org))
            stack.callback(one.close)
            return one

        edits, races, control = editor(made.org), editor(made.org), editor(made.org)
        troubles = TroubleLane(made, self.ledger)
        faults = FaultLane(made, control, self.ledger)
        stream = StreamLane(made, editor(made.org), self.ledger, troubles.when)
        reviewers = [Reviewer(made, self.ledger, token) for _ in range(2)]
        for reviewer in reviewers:
            stack.callback(reviewer.close)
        lanes: dict[str, Callable[[Event], None]] = {
            "edits": lambda event: _edit(edits, event),
            "races": Racer(made.org, races, self.ledger).race,
            "people": reviewers[0].act,
            "commands": reviewers[1].act,
            "calm": _Toggler(made.calm, editor(made.calm)).act,
            "faults": faults.act,
            "stream": stream.act,
        }
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._walk, args=(name, act, began), name=name)
            for name, act in lanes.items()
        ]
        for thread in threads:
            thread.start()
        self._walk("troubles", troubles.act, began)
        for thread in threads:
            thread.join()
        return _Lanes(faults, stream, troubles)

    def _walk(self, lane: str, act: Callable[[Event], None], began: float) -> None:
        """A lane's events, each at its time or as soon as the one before is done."""
        for event in self.schedule.lanes[lane] if lane in (self.only or [lane]) else ():
            now = time.monotonic() - began
            if now > event.at + GRACE_SECONDS:
                self.ledger.note(f"too late: {lane}")
                continue
            time.sleep(max(0.0, event.at - now))
            try:
                act(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run did not hold
                self.failures.append(f"{lane}, {event.what} at {event.at:.1f}: {error!r}")

    def _make_peace(self, made: Stage, reviewer: Reviewer, lanes: "_Lanes") -> None:
        """What people do after a mend: nothing is paused, all is looked at, parked users go on."""
        made.org.heal()
        made.org.control("automations", method="DELETE")
        reviewer.resume()
        made.made.tried("check")
        if made.way.stream and not _speaks(made):
            lanes.stream.start_again()
        if lanes.faults.has_been_blind and not made.way.polls:
            made.made.tried("reconcile", "--org", ORG)
        made.made.tried("parked", "retry", "--all")


@dataclass(frozen=True)
class _Lanes:
    """Those that have something to take back, or to tell."""

    faults: FaultLane
    stream: StreamLane
    troubles: TroubleLane


def _speaks(made: Stage) -> bool:
    try:
        return ORG in open_streams(made.books)
    except BUSY:
        return False


def _edit(editor: Editor, event: Event) -> None:
    user_id = editor.somebody(event.more["user"])
    for fields in event.more["edits"]:
        editor.edit(user_id, fields)


class _Toggler:
    """Ticks and unticks Cloud PBX in the calm org: each edit has something to settle."""

    def __init__(self, org: Salesforce, editor: Editor) -> None:
        self._editor = editor
        self._asked = {i: bool(u["Requested_PBX__c"]) for i, u in org.users().items()}

    def act(self, event: Event) -> None:
        user_id = self._editor.somebody(event.more["user"])
        self._asked[user_id] = not self._asked[user_id]
        self._editor.edit(user_id, {"Requested_PBX__c": self._asked[user_id]})


def _people_of(org: Salesforce) -> Sequence[str]:
    """Active ordinary users, by id: not the admin, not ourselves."""
    users = org.users()
    return sorted(i for i, u in users.items() if "user" in u["Username"] and u["IsActive"])
