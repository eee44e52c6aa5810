"""Bucket names: what S3 takes for a new bucket, what it once took, and what a name says of its account.

Sources: S3 User Guide, "General purpose bucket naming rules" (bucketnamingrules) and "Namespaces for general
purpose buckets" (gpbucketnamespaces). That no dot stands beside a hyphen is older than the present text of
the guide; ceph/s3-tests and other tools test for it.
"""

import re
from typing import NamedTuple

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
OLD_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}\Z", re.ASCII)
"""What us-east-1 took until March 2018."""
IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
REGION_NAME = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
REGION = re.compile(rf"{REGION_NAME}\Z")
OF_AN_ACCOUNT = "-an"
"""How names in an account's own namespace end, and only they."""
ACCOUNT_REGIONAL = re.compile(rf".+-(?P<account>\d{{12}})-(?P<region>{REGION_NAME}){OF_AN_ACCOUNT}\Z")


class Namespace(NamedTuple):
    """The account and the region that an account-regional name belongs to: nobody else can take it."""

    account: str
    region: str


def namespace_of(name: str) -> Namespace | None:
    """What ``acme-lake-111122223333-us-west-2-an`` says of itself; None for a name that all accounts share."""
    match = ACCOUNT_REGIONAL.match(name)
    return Namespace(match["account"], match["region"]) if match else None


def wrong_with_name(name: str) -> str | None:
    """What S3 has against the name of a new bucket, in words."""
    checks: tuple[tuple[object, str], ...] = (
        ("${" in name, "a name takes only variables that the file declares: its own ones are known too late"),
        (not 3 <= len(name) <= 63, f"a name of {len(name)} characters: S3 takes 3 to 63"),
        (name != name.lower(), "S3 takes no upper-case letters in a name"),
        ("_" in name, "S3 takes no underscores in a name"),
        (
            not NAME.match(name),
            "a name has letters, digits, dots and hyphens, and a letter or digit at both ends",
        ),
        (".." in name or ".-" in name or "-." in name, "no dot beside a dot or a hyphen in a name"),
        (IP_ADDRESS.match(name), "a name may not look like an IP address"),
        (
            name.startswith(RESERVED_PREFIXES),
            f"AWS keeps names for itself that begin with {', '.join(RESERVED_PREFIXES)}",
        ),
        (
            name.endswith(RESERVED_SUFFIXES),
            f"AWS keeps names for itself that end with {', '.join(RESERVED_SUFFIXES)}",
        ),
        (
            name.endswith(OF_AN_ACCOUNT) and namespace_of(name) is None,
            "only names in an account's own namespace end with -an: <prefix>-<account id>-<region>-an",
        ),
    )
    return next((said for wrong, said in checks if wrong), None)


def wrong_with_old_name(name: str) -> str | None:
    """What S3 had against a name even before March 2018, in words."""
    if OLD_NAME.match(name):
        return None
    return "even an old name has 3 to 255 letters, digits, dots, hyphens and underscores, and nothing else"
