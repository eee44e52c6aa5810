"""`python -m benchmarks.stub [--port=N] [--latency-ms=N] …`: build the stub and become it."""

import os
import sys

from benchmarks.stub import build

program = build()
os.execv(program, [str(program), *sys.argv[1:]])
