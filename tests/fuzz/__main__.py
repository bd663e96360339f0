"""`make fuzz`: bad answers for as long as you like. A failure names its seed.

python -m tests.fuzz --seconds 300 --seed 1000
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.world import Example, open_world


def main() -> int:
    """Prints how often each kind of call was answered badly; 1 if the program did badly, too."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1000, help="of the first example")
    chosen = parser.parse_args()
    struck: Counter[str] = Counter()
    end, seed = time.monotonic() + chosen.seconds, chosen.seed
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, open_world(Path(folder)) as world:
        while time.monotonic() < end:
            example = Example(world, seed)
            try:
                example.run()
            except Exception as error:  # noqa: BLE001 - whatever crashed the worker is what is looked for
                print(f"seed {seed}, {example.liar.broken}: {error!r}")
                return 1
            struck.update(said.partition(":")[0] for said in example.liar.broken)
            seed += 1
    print(json.dumps({"examples": seed - chosen.seed, "bad answers": dict(sorted(struck.items()))}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
