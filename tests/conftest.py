"""How hard Hypothesis tries: 25 examples for each law and aspect, or as many as RECONCILE_EXAMPLES says."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "reconcile",
    max_examples=int(os.environ.get("RECONCILE_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("reconcile")
