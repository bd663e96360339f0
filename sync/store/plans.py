"""What a plan says, filtered and added up."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select

from sync.model import CATALOGUE, License
from sync.ports.browse import FIRST, Change, ItemQuery, LicenseTotal, Listing, Place
from sync.ports.runs import PlanItem
from sync.store.database import Database
from sync.store.listings import names_license
from sync.store.paging import Order, page_of
from sync.store.run_items import plan_item
from sync.store.tables import run_item

_row = run_item.c
_BY_USER = Order((_row.user_id,))


def _gains(license: License) -> ColumnElement[bool]:
    return and_(
        _row.after.is_not(None),
        names_license(_row.after, license),
        not_(names_license(_row.held, license)),
    )


def _loses(license: License) -> ColumnElement[bool]:
    return and_(
        _row.after.is_not(None),
        names_license(_row.held, license),
        not_(names_license(_row.after, license)),
    )


class Plans(Database):
    """The items of plans as people read them."""

    def list_items(self, query: ItemQuery, place: Place = FIRST) -> Listing[PlanItem]:
        """Items of a plan, by user id."""
        with self.reading() as connection:
            return page_of(connection, _wanted(query), _BY_USER, place, plan_item)

    def totals(self, run_id: int) -> list[LicenseTotal]:
        """What a plan does, license by license in catalogue order; untouched ones are missing."""
        sums = [
            func.coalesce(func.sum(case((does(license), 1), else_=0)), 0)
            for license in CATALOGUE
            for does in (_gains, _loses)
        ]
        with self.reading() as connection:
            row = connection.execute(select(*sums).where(_row.run_id == run_id)).one()
        found = [
            LicenseTotal(license, row[2 * i], row[2 * i + 1]) for i, license in enumerate(CATALOGUE)
        ]
        return [total for total in found if total.gained or total.lost]


def _wanted(query: ItemQuery) -> Select[Any]:
    wanted = select(run_item).where(_row.run_id == query.run_id)
    licenses = CATALOGUE if query.license is None else (query.license,)
    gains, loses = or_(*map(_gains, licenses)), or_(*map(_loses, licenses))
    match query.change:
        case Change.GAINS:
            wanted = wanted.where(gains)
        case Change.LOSES:
            wanted = wanted.where(loses)
        case Change.NEITHER:
            wanted = wanted.where(not_(gains), not_(loses))
        case None if query.license is not None:
            wanted = wanted.where(or_(gains, loses))
    if query.search:
        start = func.lower(_row.username).startswith(query.search.lower(), autoescape=True)
        wanted = wanted.where(or_(_row.user_id == query.search, start))
    return wanted
