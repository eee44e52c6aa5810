"""How hard Hypothesis tries: 16 examples for each law and aspect, or as many as RECONCILE_EXAMPLES says.

The 16 are the same for everybody, so that what passes passes again, and covers what it covered; to look further is
what `make laws` is for, and takes other examples each time.

And how many cases the fault engine has taken, of how many (tests/s3/test_every_fault.py).
"""

import os
import signal
from typing import Any

from hypothesis import HealthCheck, settings

settings.register_profile(
    "reconcile",
    max_examples=int(os.environ.get("RECONCILE_EXAMPLES", "16")),
    derandomize="RECONCILE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("reconcile")

# a shell that starts the tests in the background has SIGINT ignored, for every process that they start as well
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The number of cases, also where several processes have shared them."""
    ended = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for what in ("faults", "kills"):
        counts = [str(value).split() for report in ended for name, value in report.user_properties if name == what]
        if counts:
            taken, all_of_them = (sum(int(count[part]) for count in counts) for part in (0, 1))
            terminalreporter.write_line(f"{what}: {taken} of {all_of_them} cases")
