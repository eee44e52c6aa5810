"""The second look: whatever else decides whether a bucket is public, for plans that change who gets in.

A plan that does not change it makes no call more. What cannot be read is unknown, and stops nothing.
"""

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace

from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.planning.changeset import Plan
from reconciler.planning.exposure import DOORS, EVERYBODY, Acl, Grant
from reconciler.planning.live import LiveAspect, LiveBucket, Unreadable
from reconciler.planning.second_look import (
    TO_READ_ACCOUNT_BLOCK,
    TO_READ_ACL,
    Found,
    account_may_decide,
    acls_may_count,
    given,
    wants_a_second_look,
    with_exposure,
)
from reconciler.s3.crowd import Crowd, result_of
from reconciler.s3.errors import S3_ERRORS, code_of, credentials_refused, unreadable
from reconciler.s3.reader import Reader, document_of


class SecondLook:
    """Looks at the buckets of one run."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._accounts: dict[str | None, tuple[LiveAspect, bool]] = {}
        self._one_at_a_time = threading.Lock()

    def at(self, plans: Iterable[tuple[Plan, LiveBucket]]) -> tuple[Plan, ...]:
        """The plans, those that change who gets in with what they do to the exposure of their buckets.

        A plan and its bucket are taken as they come; of a bucket that gets no second look, nothing is kept.
        """
        with Crowd(self.reader.width, "look") as crowd:
            looks = [
                crowd.submit(self.at_one, plan, live) if wants_a_second_look(plan) else plan for plan, live in plans
            ]
            return tuple(result_of(look) if isinstance(look, Future) else look for look in looks)

    def at_one(self, plan: Plan, live: LiveBucket) -> Plan:
        """One plan with the exposure of its bucket."""
        found = Found(self.documents(plan, live) if plan.exists else given(plan))
        if acls_may_count(plan, found):
            found = replace(found, acl=self.acl(plan))
        if account_may_decide(plan, found):
            block, asked = self.account_block(plan.region)
            found = replace(found, account_block=block, account_was_asked=asked)
        return with_exposure(plan, found)

    def documents(self, plan: Plan, live: LiveBucket) -> dict[str, LiveAspect]:
        """The three documents that decide it; those that the spec does not declare are read now."""
        return {
            name: live.aspects[name] if name in live.aspects else self.reader.read_aspect(plan.spec, name, plan.region)
            for name in DOORS
        }

    def acl(self, plan: Plan) -> Acl | Unreadable:
        """What the bucket's ACL grants to the public."""
        client = self.reader.clients.s3(plan.region)
        try:
            answer = client.get_bucket_acl(Bucket=plan.name, **self.reader.owner)
        except S3_ERRORS as error:
            return self.unknown(error, "the ACL", TO_READ_ACL)
        if "Owner" not in answer:  # a server that does not know ACLs may list the bucket instead
            return Unreadable("the ACL cannot be read: the server answers with something else", "")
        grants = [
            Grant(grant["Grantee"].get("URI", "").rpartition("/")[2], grant["Permission"])
            for grant in answer.get("Grants", [])
        ]
        return Acl(tuple(grant for grant in grants if grant.group in EVERYBODY))

    def account_block(self, region: str | None) -> tuple[LiveAspect, bool]:
        """The account's public access block, asked for once in each region; and whether there was anybody to ask."""
        with self._one_at_a_time:
            if region not in self._accounts:
                self._accounts[region] = self._account_block(region)
            return self._accounts[region]

    def _account_block(self, region: str | None) -> tuple[LiveAspect, bool]:
        client = self.reader.clients.s3control(region)
        if client is None:
            return None, False
        try:
            answer = client.get_public_access_block(AccountId=self.reader.identity.account)
            return PublicAccessBlock.from_s3(document_of(answer)), True
        except S3_ERRORS as error:
            if code_of(error) in PublicAccessBlock.api.absent:
                return None, True
            return self.unknown(error, "the account's public access block", TO_READ_ACCOUNT_BLOCK), True
        except ValueError as error:
            return Unreadable(f"the account's public access block cannot be understood: {error}", ""), True

    def unknown(self, error: Exception, what: str, action: str) -> Unreadable:
        """Why nobody can tell. Credentials that are no good are none for the rest of the run either."""
        fatal = credentials_refused(error)
        if fatal:
            raise fatal from error
        return unreadable(error, what, (action,))
