"""Who asks: a user, a role in a session, a federated user, the root user; and what a request tells of them.

Sources: IAM User Guide, "IAM identifiers" (names are unique in an account, whatever their path), "AWS global
condition context keys" (what is in each request, and for whom), "IAM policy elements: Variables" (the table of
principal key values).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from reconciler.policy_language.patterns import GAP, NO, UNSURE, YES, Sure, sure
from reconciler.policy_language.principals import CANONICAL_USER, EVERYBODY, UNIQUE_ID

Fact = tuple[str | None, ...]
"""Every value that a key of a request may have; None among them where it may be missing."""

PRINCIPAL = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?:iam|sts)::(?P<account>\d{12}):"
    r"(?P<kind>root|(?:user|role|assumed-role|federated-user)(?=/))/?(?P<rest>.*)\Z"
)
OF_SINGLE_SIGN_ON = "AWSReservedSSO_"
PATH_OF_SINGLE_SIGN_ON = "aws-reserved/sso.amazonaws.com/"
"""The path of the roles of IAM Identity Center; its region may follow (IAM Identity Center User Guide,
"Referencing permission sets in resource policies")."""


class Kind(StrEnum):
    """What a principal is, as `aws:PrincipalType` calls it."""

    ROOT = "Account"
    USER = "User"
    ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"


KINDS = {
    "root": Kind.ROOT,
    "user": Kind.USER,
    "role": Kind.ROLE,
    "assumed-role": Kind.ROLE,
    "federated-user": Kind.FEDERATED_USER,
}


class Caller(NamedTuple):
    """Who asks, as far as somebody knows. Nothing at all is known of `Caller()`."""

    account: str | None = None
    partition: str | None = None
    kind: Kind | None = None
    name: str = ""
    """The name of a role without its path; of a user, with it."""
    session: str | None = None
    """The name of the role's session; None where any session may ask."""
    arns: tuple[str, ...] = ()
    """What `aws:PrincipalArn` may be: the role's ARN and not the session's. Its path may be a gap."""

    @property
    def path_is_unknown(self) -> bool:
        """Whether nobody knows the path of the role."""
        return any(GAP in arn for arn in self.arns)

    @property
    def shown(self) -> str:
        """The caller in words. Of a session, the role: who reviews a plan has another session than who applies it."""
        if len(self.arns) == 1:
            return self.arns[0]
        return f"the role {self.name} of account {self.account}" if self.kind else "whoever asks"

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What every request of this caller holds."""
        found: dict[str, Fact] = {}
        if self.account is not None:
            found["aws:principalaccount"] = (self.account,)
        if self.kind is not None:
            found["aws:principalarn"] = self.arns
            found["aws:principaltype"] = (self.kind.value,)
            found["aws:username"] = (self.name.rpartition("/")[2] if self.kind is Kind.USER else None,)
        if self.kind is Kind.ROOT:
            found["aws:userid"] = (self.account,)
        if self.kind is Kind.FEDERATED_USER:
            found["aws:userid"] = (f"{self.account}:{self.name}",)
        return found

    def is_named_by(self, principal: str) -> Sure:
        """Whether a canonical principal of type AWS is this caller, its role, its account or everybody.

        A statement about an account is about everybody in it (since June 2023 a Deny too).
        """
        if principal == EVERYBODY:
            return YES
        if UNIQUE_ID.match(principal):
            return NO  # what AWS shows for a user or a role that was deleted
        if principal.isdigit():
            return UNSURE if self.account is None else sure(principal == self.account)
        named = PRINCIPAL.match(principal)
        if self.account is None or CANONICAL_USER.match(principal):
            return UNSURE
        if named is None or named["account"] != self.account or self.partition not in (None, named["partition"]):
            return NO
        return self._is_the(named["kind"], named["rest"])

    def _is_the(self, kind: str, rest: str) -> Sure:
        """Whether a user, role or session of the same account is this caller, or its root, which is all of it."""
        if kind == "root":
            return YES
        if self.kind is None:
            return UNSURE
        if kind == "user" and self.kind is Kind.FEDERATED_USER:
            return UNSURE  # it is some user who asked for the federated one's credentials
        if KINDS[kind] is not self.kind:
            return NO
        if kind == "assumed-role":
            role, _, session = rest.partition("/")
            return NO if role != self.name else UNSURE if self.session is None else sure(session == self.session)
        return sure((rest.rpartition("/")[2] if kind == "role" else rest) == self.name)


def caller_of(arn: str | None, account: str | None = None, role_arn: str | None = None) -> Caller:
    """The caller of an ARN that STS tells, or that a spec names.

    A session's ARN does not tell the path of its role; `role_arn` does, where somebody knows it.
    """
    said = PRINCIPAL.match(arn or "")
    if said is None:
        return Caller(account)
    account, partition, kind, rest = said["account"], said["partition"], said["kind"], said["rest"]
    if kind == "role":
        return Caller(account, partition, Kind.ROLE, rest.rpartition("/")[2], None, (said[0],))
    if kind != "assumed-role":
        return Caller(account, partition, KINDS[kind], rest, None, (said[0],))
    name, _, session = rest.partition("/")
    return Caller(
        account, partition, Kind.ROLE, name, session, (role_arn,) if role_arn else arns_of(account, partition, name)
    )


def arns_of(account: str, partition: str, role: str) -> tuple[str, ...]:
    """The ARNs that a role of this name may have."""
    path = PATH_OF_SINGLE_SIGN_ON if role.startswith(OF_SINGLE_SIGN_ON) else ""
    start = f"arn:{partition}:iam::{account}:role/{path}"
    return start + role, f"{start}{GAP}/{role}"
