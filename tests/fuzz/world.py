"""One org of the program in this process, against a real simulated org, with a liar in between."""

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.layouts import load_layout
from config.policies import load_policy
from sync.errors import SyncError
from sync.model import Licenses
from sync.org import Org
from sync.ports.brake import NO_LIMITS
from sync.ports.conflict_log import LIVE_STATUSES, Resolution
from sync.ports.pending import Priority
from sync.ports.review import EntryFilter
from sync.ports.runs import RunKind
from sync.rules import Rulebook
from sync.salesforce.exchange import Timeouts
from sync.salesforce.gateway import Connection, Gateway, connect
from sync.salesforce.login import ClientCredentials
from sync.store.engine import make_engine
from sync.store.schema import upgrade
from sync.store.store import SqlStore
from tests.e2e import judge
from tests.e2e.harness import FIELDS, Salesforce, salesforce
from tests.e2e.ruling import BOTH, Names, rule
from tests.fuzz.liar import CALLS, Liar

ORG = "acme"
LONGER_THAN_ANY_WAIT = timedelta(hours=27)
KINDS = [*CALLS, "re-read", "re-read", "re-read", "write", "write"]
"""What is believed of these decides what is written, so they are broken more often."""

log = logging.getLogger(__name__)


@dataclass
class World:
    """The two, and a clock of the program's database that can be put forward."""

    org: Salesforce
    store: SqlStore
    ahead: timedelta = timedelta(0)
    org_ahead: float = 0.0
    open_gateways: list[Gateway] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_time(self) -> None:
        """Longer than any wait here; in the org, longer than a guarded write waits."""
        self.ahead += LONGER_THAN_ANY_WAIT
        self.org_ahead += 3.0
        self.org.control("clock", {"offset": self.org_ahead})

    def program(self, liar: Liar) -> Org:
        """A worker that has just been started: it has to log in and to look at the schema."""
        facts, layout = self.org.facts, load_layout("user")
        secret = ClientCredentials(facts["client_id"], facts["client_secret"])
        made = Connection(ORG, facts["url"], secret, facts["ca_file"], timeouts=Timeouts(total=20))
        gateway = connect(made, layout)
        gateway._transport.mount("https://", liar)
        self.open_gateways.append(gateway)
        policy = load_policy("natterbox-2022")
        return Org(
            name=ORG,
            store=self.store,
            gateway=gateway,
            rulebook=Rulebook(policy, policy.features_of(("scv",))),
            layout=layout.canonical(),
            jitter=lambda: 0.0,
            monotonic=lambda: self.now().timestamp(),
            sleep=lambda _: None,
            limits=NO_LIMITS,
        )

    def close_gateways(self) -> None:
        while self.open_gateways:
            self.open_gateways.pop().close()


@contextmanager
def open_world(folder: Path, users: int = 25) -> Iterator[World]:
    """An armed and quiet org of the program."""
    with ExitStack() as stack:
        org = stack.enter_context(salesforce(folder, "--users", str(users), "--seed", "5"))
        engine = make_engine(f"sqlite:///{folder / 'fuzz.db'}")
        stack.callback(engine.dispose)
        upgrade(engine)
        made = World(org, SqlStore(engine))
        made.store = SqlStore(engine, clock=made.now)
        program = made.program(Liar())
        made.store.arm(ORG, program.gateway.organization_id(), program.fingerprint(), by="test")
        quiet(made, program)
        made.close_gateways()
        yield made


def quiet(world: World, program: Org) -> None:
    """With an honest org: poll and settle until nothing is left to do; nothing else may help.

    A user that only a broken answer knows stays parked, where people see it.
    """
    real = world.org.users().keys()
    for _ in range(12):
        world.pass_time()
        program.poll()
        program.settle(Priority.LIVE, 2000)
        program.settle(Priority.BULK, 2000)
        waiting = [user_id for user_id in real if world.store.waiting(ORG, user_id)]
        if not waiting:
            return
    raise AssertionError(f"it never gets quiet: {waiting}, {list(world.store.parked(ORG))}")


@dataclass
class Example:
    """Edits, a kind of call whose answers are broken, and what the program makes of it."""

    world: World
    seed: int
    liar: Liar = field(default_factory=Liar)
    waiting: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Raises AssertionError, or whatever crashed the worker."""
        chance = random.Random(self.seed)
        start = snapshot(self.world.org)
        kind = KINDS[self.seed % len(KINDS)]
        edited = self._edit(chance, start, in_conflict=kind == "guarded write")
        self.liar.lie(kind, self.seed * 1000, chance.choice([1, 1, 2, 5]))
        try:
            program = self.world.program(self.liar)
            self._work(program, chance, edited)
            self.world.org.heal()
            self.liar.be_honest()
            quiet(self.world, self.world.program(self.liar))
        finally:
            self.world.org.heal()
            self.world.close_gateways()
        self._judge(start, edited)

    def _edit(
        self, chance: random.Random, start: Mapping[str, Mapping[str, Any]], *, in_conflict: bool
    ) -> list[str]:
        """A few users ask for something else; now and then one cannot be read."""
        names = sorted(i for i in start if "user" in start[i]["Username"])
        edited = chance.sample(names, 3)
        for user_id in edited:
            wanted = set(chance.sample(sorted(FIELDS), chance.randint(0, 4)))
            if in_conflict:
                wanted |= BOTH
            fields = {f"Requested_{f}__c": n in wanted for n, f in FIELDS.items()}
            self.world.org.edit(
                user_id, fields | {"IsActive": in_conflict or chance.random() < 0.9}
            )
        if chance.random() < 0.3:
            self.world.org.fault("null_record", ids=edited[:1])
        return edited

    def _work(self, program: Org, chance: random.Random, edited: list[str]) -> None:
        """What worker and people do, in the order of an ordinary day."""
        for _ in range(2):
            program.poll()
            self._look_for_lost(edited)
            program.settle(Priority.LIVE, 2000)
            self._look_for_lost(edited)
        self._decide(chance)
        program.settle(Priority.LIVE, 2000)
        program.overlap()
        try:
            run = program.queue_run(RunKind.RECONCILE, by="fuzz")
            program.carry_out(run)
            self.world.open_gateways[0].whoami()
        except SyncError as failed:
            log.warning("%s", failed)
        program.settle(Priority.BULK, 2000)

    def _look_for_lost(self, edited: list[str]) -> None:
        """I2: who was noticed waits, or is in the log, until the record is as it must be."""
        living = self.world.store.entries(EntryFilter(org=ORG, statuses=LIVE_STATUSES))
        in_log = {entry.user_id for entry in living}
        waiting = self.world.store.waiting
        now = {i for i in edited if i in in_log or waiting(ORG, i) is not None}
        gone, self.waiting = self.waiting - now, now
        if gone:
            records = self.world.org.users()
            for user_id in gone:
                held = judge.flags(records[user_id], "Effective")
                assert held in allowed(records[user_id], records[user_id]), (
                    f"seed {self.seed}, {self.liar.broken}: {records[user_id]} is lost"
                )

    def _decide(self, chance: random.Random) -> None:
        """A person decides a conflict, so that a guarded write is due."""
        store = self.world.store
        for entry in store.entries(EntryFilter(org=ORG, statuses=LIVE_STATUSES)):
            if entry.kind == "conflict" and chance.random() < 0.7:
                keep = Licenses.from_names([chance.choice(["Freedom", "SCV"])])
                seen = Resolution(keep, "ada", store.now(), entry.requested, entry.held)
                store.resolve(entry.id, seen)
        self.world.pass_time()

    def _judge(self, start: Mapping[str, Mapping[str, Any]], edited: list[str]) -> None:
        wrong = wrong_writes(self.world.org, start)
        for user_id, record in self.world.org.users().items():
            if judge.flags(record, "Effective") not in allowed(record, record):
                wrong.append(f"{user_id} ends with {sorted(judge.flags(record, 'Effective'))}")
        assert not wrong, f"seed {self.seed}, edited {edited}, {self.liar.broken}: {wrong}"


def wrong_writes(org: Salesforce, start: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Writes of the program that are not what the rules say of the record as it was just then."""
    wrong, records = [], {i: dict(record) for i, record in start.items()}
    by_program = org.facts_now()["integration_id"]
    for change in org.changes(judge.since_of(start)):
        record = records[change["id"]]
        before = dict(record)
        record.update(change["after"])
        if change["by"] != by_program:
            continue
        held = judge.flags(record, "Effective")
        if held != judge.flags(before, "Effective") and held not in allowed(before, record):
            wrong.append(f"{change['id']}: {before} became {change['after']}")
    return wrong


def allowed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Names]:
    """What a record may hold: by the request it has now, on what it held before.

    Of a conflict each side may be the one that is kept: that is another test's affair.
    """
    asked, held = judge.flags(now, "Requested"), judge.flags(before, "Effective")
    sides = judge.SIDES if asked >= BOTH else (held & BOTH,)
    active = bool(before["IsActive"])
    return [rule(asked, held - BOTH | side, active=active).effective for side in sides]


def snapshot(org: Salesforce) -> dict[str, dict[str, Any]]:
    """All users, with the number of the last change they include."""
    seq = org.facts_now()["last_change"]
    return {i: u | {"_seq": seq} for i, u in org.users().items()}
