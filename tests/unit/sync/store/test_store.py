"""The store is what the ports ask for; mypy checks the signatures, this the names."""

from pathlib import Path

import pytest

from sync.ports.browse import BrowseStore
from sync.ports.orgs import OrgStore
from sync.ports.review import ReviewStore, SweepStore
from sync.ports.runs import RunStore
from sync.ports.scans import IntakeStore
from sync.ports.settling import SettleStore
from sync.store import SqlStore, make_engine


def as_ports(
    store: SqlStore,
) -> tuple[SettleStore, IntakeStore, RunStore, OrgStore, ReviewStore, SweepStore, BrowseStore]:
    """One store in every role."""
    return store, store, store, store, store, store, store


@pytest.mark.parametrize(
    "port",
    [SettleStore, IntakeStore, RunStore, OrgStore, ReviewStore, SweepStore, BrowseStore],
)
def test_every_method_of_a_port_is_there_and_says_what_it_does(port: type, tmp_path: Path) -> None:
    store = SqlStore(make_engine(f"sqlite:///{tmp_path}/x.db"))
    assert store in as_ports(store)
    names = [name for name in vars(port) if not name.startswith("_")]
    assert names
    for name in names:
        assert getattr(SqlStore, name).__doc__, name
