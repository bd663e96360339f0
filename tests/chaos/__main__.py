"""`python -m tests.chaos`: the real processes under fire, then the independent checker.

python -m tests.chaos --seed 7 --seconds 60 --database sqlite --intake stream

The last line is the summary as JSON; before it, if anything is wrong, how to run it again and what
was lost. Exit status 1 if anything is wrong.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.campaign import Campaign
from tests.chaos.schedule import draw
from tests.chaos.stage import DATABASES
from tests.chaos.ways import WAYS


def main() -> int:
    """Run one schedule; 1 if an invariant broke."""
    parser = argparse.ArgumentParser(
        prog="chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--database", choices=DATABASES, default=DATABASES[0])
    parser.add_argument("--rate", type=float, default=8.0, help="edits a second")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--intake", choices=WAYS, help="how changes come in; else by the seed")
    parser.add_argument("--lanes", nargs="+", default=(), metavar="LANE", help="these alone act")
    parser.add_argument("--keep", type=Path, help="an empty folder where everything stays")
    chosen = parser.parse_args()
    way = WAYS.get(chosen.intake)
    plan = draw(chosen.seed, chosen.seconds, rate=chosen.rate, users=chosen.users, way=way)
    strange = set(chosen.lanes) - plan.lanes.keys()
    if strange:
        parser.error(
            f"no such lane: {', '.join(sorted(strange))}; there are {', '.join(plan.lanes)}"
        )
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        home = chosen.keep or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        told = Campaign(plan, chosen.database, users=chosen.users, only=chosen.lanes).run(home)
    if told.summary["wrong"]:
        again = f"SEED={chosen.seed} SECONDS={chosen.seconds:g} DATABASE={chosen.database}"
        again += f" INTAKE={plan.way.name}"
        print(f"Seed {chosen.seed} does not hold. To run it again: make chaos {again}")
        print("\n".join([*told.summary["wrong"], *told.account]))
    print(json.dumps(told.summary))
    return 1 if told.summary["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
