"""What took how long, added up in SQL: processes come and go, the counts stay."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sync.delays import INFINITE, counts
from sync.ports.streams import Delays
from sync.store.database import Database, insert_on
from sync.store.stream_tables import delay

_row = delay.c


def note_delays(connection: Connection, org: str, measure: str, seconds: Sequence[float]) -> None:
    """Count these times, in the order of their limits: no two transactions wait in a circle."""
    if not seconds:
        return
    found = counts(seconds)
    share = sum(max(0.0, one) for one in seconds) / len(seconds)
    rows = [
        {
            "org": org,
            "measure": measure,
            "below": 0 if limit == INFINITE else round(limit * 1000),
            "times": count,
            "seconds": share * count,
        }
        for limit, count in found.items()
    ]
    new = insert_on(connection, delay)
    more = {name: _row[name] + new.excluded[name] for name in ("times", "seconds")}
    keys = ["org", "measure", "below"]
    connection.execute(new.on_conflict_do_update(index_elements=keys, set_=more), rows)


class MeasuredDelays(Database):
    """What was measured."""

    def delays(self, measure: str) -> Mapping[str, Delays]:
        """What was measured since ever, by org."""
        query = select(_row.org, _row.below, _row.times, _row.seconds)
        by_org: dict[str, dict[float, int]] = defaultdict(dict)
        total: dict[str, float] = defaultdict(float)
        with self.reading() as connection:
            for row in connection.execute(query.where(_row.measure == measure)):
                by_org[row.org][row.below / 1000 or INFINITE] = row.times
                total[row.org] += row.seconds
        return {org: Delays(org, found, total[org]) for org, found in by_org.items()}
