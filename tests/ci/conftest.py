"""The S3 of the command line's tests, which pipelines are let loose on, too."""

from tests.cli.conftest import (  # noqa: F401 - fixtures
    endpoint,
    models_are_read_once,
    nobody_in_particular,
    offline,
    recording,
    s3,
    server,
)
