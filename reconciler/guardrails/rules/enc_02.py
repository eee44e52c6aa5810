"""ENC-02: what is confidential is encrypted with a key of one's own."""

from collections.abc import Iterator

from reconciler.aspects.encryption import Encryption, is_customers
from reconciler.guardrails.log_delivery import deliverers_without_kms
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity

HELP = "write `encryption: {sse_algorithm: aws:kms, kms_master_key_id: arn:aws:kms:…, bucket_key_enabled: true}`"


def check(subject: Subject) -> Iterator[Offence]:
    """Confidential data under keys of S3's or of AWS's, or under nobody knows which."""
    if not subject.is_confidential or (subject.purpose == "logs" and deliverers_without_kms(subject)):
        return
    encryption = subject.value("encryption")
    weight = Severity.WARNING if subject.purpose == "logs" else None
    if not isinstance(encryption, Encryption):
        path = ("encryption",) if subject.is_absent("encryption") else ()
        yield Offence(path, "the data is confidential, and the spec names no KMS key", HELP, weight)
    elif encryption.sse_algorithm == "AES256":
        yield Offence(("encryption",), "the data is confidential, and S3 holds the keys (AES256)", HELP, weight)
    elif not is_customers(encryption.kms_master_key_id):
        said = "the data is confidential, and AWS's own key (aws/s3) lets in everybody of the account"
        yield Offence(("encryption",), said, "name a key under `kms_master_key_id:`", weight)


RULE = Rule(
    id="ENC-02",
    title="Confidential data is encrypted with a KMS key of one's own",
    why="S3 encrypts everything since January 2023, and decrypts it for whoever may read the object. A KMS key of "
    "one's own has a policy: who reads needs the key as well, each use is in CloudTrail, and a key that is disabled "
    "closes the bucket. The policy of AWS's `aws/s3` cannot be changed (KMS Developer Guide, *AWS managed keys*). "
    "Asked of buckets whose `Classification` tag is `confidential` or `restricted`. For `logs` it is advice, and not "
    "asked where the policy lets in somebody who delivers logs without KMS only: see ENC-05.",
    mend="Say `sse_algorithm: aws:kms` with the ARN of a key under `kms_master_key_id:`.",
    check=check,
    controls={
        "Security Hub": ("S3.17",),
        "Checkov": ("CKV_AWS_145",),
        "Trivy": ("AWS-0132",),
        "Prowler": ("s3_bucket_kms_encryption",),
    },
)
