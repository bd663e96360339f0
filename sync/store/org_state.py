"""The org as a whole: armed or not, paused or not, what is wrong with it."""

from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.engine import Connection

from sync.ports.orgs import OrgState
from sync.store.columns import AnyRow
from sync.store.database import Database, after, insert_on
from sync.store.tables import ALL_ORGS, org_state

_STATE = list(org_state.c)


_OF_ORG_AND_ALL = or_(org_state.c.org == bindparam("of_org"), org_state.c.org == ALL_ORGS)
_GATE = select(org_state.c.org, org_state.c.armed_fingerprint, org_state.c.paused_at).where(
    _OF_ORG_AND_ALL
)
_STATES = select(org_state).where(_OF_ORG_AND_ALL)
_PAUSED = select(func.count()).where(_OF_ORG_AND_ALL, org_state.c.paused_at.is_not(None))


_LOCK = select(org_state.c.org).where(org_state.c.org == bindparam("of_org")).with_for_update()
_ARMED = (
    select(org_state.c.org)
    .where(org_state.c.org == bindparam("of_org"), org_state.c.armed_at.is_not(None))
    .with_for_update()
)


def set_org(connection: Connection, org: str, **values: Any) -> None:
    """Set columns of an org's row, which is made if nobody has met the org yet."""
    row = org_state.c.org == org
    if connection.execute(update(org_state).where(row).values(**values)).rowcount:
        return
    new = insert_on(connection, org_state).values(org=org, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["org"], set_=values))


def lock_org(connection: Connection, org: str) -> None:
    """Hold the org's row to the end of the transaction; it is made if nobody has met the org."""
    new = insert_on(connection, org_state).values(org=org)
    connection.execute(new.on_conflict_do_nothing(index_elements=["org"]))
    connection.execute(_LOCK, {"of_org": org}).one()


def may_write(connection: Connection, org: str, fingerprint: str) -> bool:
    """Whether the org is armed under this fingerprint, and neither it nor all are paused."""
    rows = connection.execute(_GATE, {"of_org": org}).all()
    if any(row.paused_at is not None for row in rows):
        return False
    return any(row.org == org and row.armed_fingerprint == fingerprint for row in rows)


def is_paused(connection: Connection, org: str) -> bool:
    """Whether the org, or all of them, are paused."""
    return bool(connection.execute(_PAUSED, {"of_org": org}).scalar_one())


def read_state(connection: Connection, org: str) -> OrgState:
    """The org's state; a pause of all orgs shows as the org's own unless it has one."""
    rows = {row.org: row for row in connection.execute(_STATES, {"of_org": org})}
    values = _values(org, rows.get(org))
    everyone = rows.get(ALL_ORGS)
    if values["paused_at"] is None and everyone is not None:
        values |= {"paused_by": everyone.paused_by, "paused_at": everyone.paused_at}
    return OrgState(**values)


def _values(org: str, row: AnyRow | None) -> dict[str, Any]:
    if row is None:
        return {column.name: None for column in _STATE} | {"org": org}
    return dict(row._mapping)


class OrgStates(Database):
    """Implements `OrgStore`."""

    def state(self, org: str) -> OrgState:
        """The org's state; one that nobody has met yet is empty, not an error."""
        with self.reading() as connection:
            return read_state(connection, org)

    def meet(self, org: str, organization_id: str) -> OrgState:
        """Remember which organization answers for this org if none is remembered; the state."""
        known = func.coalesce(org_state.c.organization_id, organization_id)
        with self.writing() as connection:
            new = insert_on(connection, org_state).values(org=org, organization_id=organization_id)
            connection.execute(
                new.on_conflict_do_update(index_elements=["org"], set_={"organization_id": known})
            )
            return read_state(connection, org)

    def arm(
        self, org: str, organization_id: str, fingerprint: str, by: str, *, first: bool = False
    ) -> bool:
        """Let workers write under this fingerprint, to this organization, and at once.

        With `first` only an org that nobody ever armed; whether it did.
        """
        with self.writing() as connection:
            if first and connection.execute(_ARMED, {"of_org": org}).one_or_none() is not None:
                return False
            set_org(
                connection,
                org,
                organization_id=organization_id,
                armed_fingerprint=fingerprint,
                armed_by=by,
                armed_at=self.clock_of(connection),
                problem=None,
                problem_until=None,
            )
        return True

    def report_problem(self, org: str, problem: str, retry_seconds: float) -> None:
        """Say why the org does not work now."""
        with self.writing() as connection:
            until = after(self.clock_of(connection), retry_seconds)
            set_org(connection, org, problem=problem, problem_until=until)

    def report_good(self, org: str) -> None:
        """Take back a problem."""
        with self.writing() as connection:
            set_org(connection, org, problem=None, problem_until=None)

    def report_usage(self, org: str, used: int, allowed: int) -> None:
        """Note the quota; a problem stays."""
        with self.writing() as connection:
            set_org(connection, org, api_used=used, api_allowed=allowed)

    def pause(self, org: str | None, by: str) -> None:
        """Stop writes of one org, or of all (None): also of orgs that are not known yet."""
        with self.writing() as connection:
            now = self.clock_of(connection)
            set_org(connection, org or ALL_ORGS, paused_by=by, paused_at=now)

    def resume(self, org: str | None, by: str) -> None:  # noqa: ARG002 - who paused is kept alone
        """Undo `pause`: of one org, or of all; an org that was paused by name stays paused.

        An org in trouble is tried again at once.
        """
        with self.writing() as connection:
            set_org(connection, org or ALL_ORGS, paused_by=None, paused_at=None)
            again = update(org_state).values(problem_until=None)
            connection.execute(again if org is None else again.where(org_state.c.org == org))
