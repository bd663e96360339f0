"""Rows of `account` as accounts. The password's hash is not among their columns."""

from sync.ports.accounts import Account
from sync.store.account_tables import account
from sync.store.columns import AnyRow

_row = account.c
ACCOUNT = (
    _row.id,
    _row.name,
    _row.role,
    _row.orgs,
    _row.created_at,
    _row.created_by,
    _row.disabled_at,
    _row.subject,
    _row.stamp,
)


def account_from(row: AnyRow) -> Account:
    """An account from a row that has its columns."""
    return Account(
        id=row.id,
        name=row.name,
        role=row.role,
        orgs=None if row.orgs is None else frozenset(row.orgs),
        created_at=row.created_at,
        created_by=row.created_by,
        disabled_at=row.disabled_at,
        subject=row.subject,
        stamp=row.stamp,
    )


def kept_orgs(orgs: frozenset[str] | None) -> list[str] | None:
    """Orgs as their column keeps them."""
    return None if orgs is None else sorted(orgs)
