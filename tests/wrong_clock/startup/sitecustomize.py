"""Python runs this at its start: a Celery worker gets the clock of a machine that is wrong.

Only what asks for the time of day is told another one. Waits are the system's, as they are on such
a machine; a clock that the linker puts in place (libfaketime) makes Python's waits end too late.
"""

import os
import sys
from pathlib import Path


def _is_worker() -> bool:
    return "worker" in sys.orig_argv and any("celery" in word for word in sys.orig_argv)


def _seconds() -> float:
    file = Path(os.environ["WRONG_CLOCK_FILE"])
    return float(file.read_text()) if file.exists() else 0.0


if _is_worker() and (ahead := _seconds()):
    from datetime import UTC, datetime, timedelta

    import time_machine

    # The children that it forks inherit it.
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True).start()
