"""`python -m cli.child COMMAND …`: becomes the command, and on Linux ends when its parent ends.

However the supervisor ends, even by kill -9, its processes must not live on unseen
(prctl(2), PR_SET_PDEATHSIG; it survives the exec). They are killed, not asked to end: a worker
whose broker goes at the same moment may wait for it for ever. All of them can bear it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execvp(sys.argv[1], sys.argv[1:])
