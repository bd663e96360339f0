"""Pages of runs and of what their plans say, and what a plan does in all."""

from collections import Counter
from functools import partial

from sqlalchemy import and_, func, not_, or_, select

from sync.model import CATALOGUE, License, Licenses
from sync.ports.browse import (
    FIRST,
    Change,
    ItemQuery,
    LicenseTotal,
    Listing,
    Place,
    RunQuery,
)
from sync.ports.runs import PlanItem, Run
from sync.store.database import Database
from sync.store.filters import (
    Condition,
    begins_in_any_case,
    found_by,
    has,
    is_number,
    is_one_of,
    of_orgs,
)
from sync.store.paging import Order, read_page
from sync.store.run_items import plan_item
from sync.store.runs import RUN, run_from
from sync.store.tables import pending_user, run, run_item

_NEWEST = Order((run.c.id,), is_descending=True)

_row = run_item.c
_BY_ID = Order((_row.user_id,))
_BY_USERNAME = partial(begins_in_any_case, _row.username)


class ListedRuns(Database):
    """Runs and plans, page by page."""

    def list_runs(self, query: RunQuery, place: Place = FIRST) -> Listing[Run]:
        """Runs."""
        wanted = select(*RUN).where(
            *of_orgs(run.c.org, query.orgs),
            *is_one_of(run.c.kind, query.kinds),
            *is_one_of(run.c.status, query.statuses),
        )
        with self.reading() as connection:
            return read_page(connection, [wanted], _NEWEST, place, run_from)

    def list_items(self, query: ItemQuery, place: Place = FIRST) -> Listing[PlanItem]:
        """Items of a plan."""
        wanted = select(run_item).where(*is_number(_row.run_id, query.run_id))
        wanted = wanted.where(*_changes(query.change, query.license))
        org = select(run.c.org).where(*is_number(run.c.id, query.run_id)).scalar_subquery()
        found = found_by(query.search, org, _row.user_id, _BY_USERNAME)
        parts = [wanted.where(one) for one in found]
        with self.reading() as connection:
            return read_page(connection, parts, _BY_ID, place, plan_item)

    def waiting_of(self, run_id: int) -> int:
        """How many users still wait to be settled because this run noticed them."""
        mine = (pending_user.c.run_id == run_id, pending_user.c.parked_at.is_(None))
        with self.reading() as connection:
            count: int = connection.execute(select(func.count()).where(*mine)).scalar_one()
        return count

    def totals(self, run_id: int) -> list[LicenseTotal]:
        """What a plan does, license by license in catalogue order; untouched ones are missing."""
        alike = (
            select(_row.held, _row.after, func.count())
            .where(*is_number(_row.run_id, run_id), _row.after.is_not(None))
            .group_by(_row.held, _row.after)
        )
        gained: Counter[License] = Counter()
        lost: Counter[License] = Counter()
        with self.reading() as connection:
            for held, after, users in connection.execute(alike):
                _add(gained, after - held, users)
                _add(lost, held - after, users)
        touched = (one for one in CATALOGUE if one in gained or one in lost)
        return [LicenseTotal(one, gained[one], lost[one]) for one in touched]


def _add(counts: Counter[License], licenses: Licenses, users: int) -> None:
    for license in licenses:
        counts[license] += users


def _changes(change: Change | None, license: License | None) -> list[Condition]:
    """Items that do this to a license, or to any. An item that may write nothing does neither."""
    if change is None and license is None:
        return []
    some = CATALOGUE if license is None else (license,)
    gains = or_(*(and_(has(_row.after, one), not_(has(_row.held, one))) for one in some))
    loses = or_(*(and_(has(_row.held, one), not_(has(_row.after, one))) for one in some))
    match change:
        case Change.GAINS:
            return [gains]
        case Change.LOSES:
            return [loses]
        case Change.NEITHER:
            return [or_(_row.after.is_(None), not_(or_(gains, loses)))]
        case None:
            return [or_(gains, loses)]
