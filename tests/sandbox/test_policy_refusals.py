"""Bucket policies that S3 refuses and moto accepts, one row per reason; and what S3 calls public."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


def error_of(s3: Any, bucket: str, text: str) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def policy(**changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::lake/*",
    }
    merged = {name: value for name, value in {**statement, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [merged]})


def document(**changes: Any) -> str:
    return json.dumps(json.loads(policy()) | changes)


def aws(principal: str) -> str:
    return policy(Principal={"AWS": ["123456789012", principal]})


PRINCIPAL = "Invalid principal in policy"
DOES_NOT_APPLY = "Action does not apply to any resource(s) in statement"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("invalid json", "first byte must be"),
        ("[]", "first byte must be"),
        ("{}", "Missing required field Statement"),
        (' {"Statement": []}', "first byte must be"),
        ("{" + '"a":{' * 20_000, "must be valid JSON"),
        (policy(Sid="x" * 20_480), "maximum allowed document size"),
        (document(Statment=[]), "Unknown field Statment"),
        (document(Version="2024-01-01"), "valid version string"),
        (document(Statement=["Allow"]), "Missing required field Effect"),
        (policy(Effect="Permit"), "Invalid effect: Permit"),
        (policy(Effect="allow"), "Invalid effect: allow"),
        (policy(Action=None), "Missing required field Action"),
        (policy(NotAction="s3:PutObject"), "both Action and NotAction"),
        (policy(Principals="*"), "Unknown field Principals"),
        (policy(Sid=5), "Invalid policy syntax."),
        (policy(Principal=None, NotPrincipal={"AWS": "*"}), "Allow with NotPrincipal"),
        (policy(Principal="arn:aws:iam::123456789012:root"), "Invalid policy syntax."),
        (policy(Principal={"Aws": "*"}), "Unknown field Aws"),
        (aws("12345"), PRINCIPAL),
        (aws("arn:aws:iam::123456789012:group/etl"), PRINCIPAL),
        (aws("arn:aws:s3:::lake"), PRINCIPAL),
        (aws("etl"), PRINCIPAL),
        (policy(Principal={"Service": "lambda"}), PRINCIPAL),
        (policy(Principal={"CanonicalUser": "me"}), PRINCIPAL),
        (policy(Action="invalid_action"), "Policy has invalid action"),
        (policy(Action=["s3:GetObject", "ec2:RunInstances"]), "Policy has invalid action"),
        (policy(Resource="arn:aws:s3:::pond/*"), "Policy has invalid resource"),
        (policy(Resource="lake"), "Policy has invalid resource"),
        (policy(Action="s3:ListBucket"), DOES_NOT_APPLY),
        (policy(Action=["s3:GetObject", "S3:listbucket"]), DOES_NOT_APPLY),
        (policy(Resource="arn:aws:s3:::lake"), DOES_NOT_APPLY),
        (policy(Condition={"StringEqual": {"aws:userid": "A"}}), "Invalid Condition type : StringEqual"),
        (policy(Condition={"Bool": "true"}), "Invalid policy syntax."),
        (policy(Condition=[]), "Invalid policy syntax."),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_policies(s3: Any, bucket: str, text: str, message: str) -> None:
    code, said = error_of(s3, bucket, text)
    assert (code, message in said) == ("MalformedPolicy", True), said
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_statement_ids_are_unique(s3: Any, bucket: str) -> None:
    twice = json.loads(policy(Sid="one"))["Statement"] * 2
    assert error_of(s3, bucket, json.dumps({"Statement": twice}))[0] == "MalformedPolicy"


GOOD = [
    aws("arn:aws:iam::123456789012:role/service-role/etl"),
    aws("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"),
    aws("arn:aws:sts::123456789012:assumed-role/etl/me@example.org"),
    aws("AROAEXAMPLEID"),
    policy(Principal={"Service": ["logging.s3.amazonaws.com", "delivery.logs.amazonaws.com"]}),
    policy(Principal={"Federated": "arn:aws:iam::123456789012:saml-provider/okta"}),
    policy(Principal={"CanonicalUser": "ab" * 32}),
    policy(Action="*", Resource="arn:aws:s3:::lake"),
    policy(Action=["s3:ListBucket", "s3:GetObject"], Resource=["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]),
    policy(Action="s3:ListBucket", Resource="*"),
    policy(Action=None, NotAction="s3:ListBucket"),
    policy(Condition={"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": "o-1/*"}, "Null": {"a:b": "true"}}),
    json.dumps(json.loads(policy()), indent=5_000),
    document(Id="one", Statement=json.loads(policy())["Statement"][0]),
]


@pytest.mark.parametrize("text", GOOD, ids=lambda value: value[-80:])
def test_policies_that_are_taken_come_back_as_they_were(s3: Any, bucket: str, text: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text


def anybody(**condition: Any) -> str:
    return policy(Principal="*", Condition=condition or None)


PUBLIC = [
    anybody(),
    policy(Principal={"AWS": "*"}),
    policy(Principal={"AWS": ["*"]}),
    policy(Principal={"Federated": "graph.facebook.com"}),
    anybody(StringLike={"aws:SourceVpc": "vpc-*"}),
    anybody(StringEquals={"aws:SourceVpc": ["vpc-1", "${aws:username}"]}),
    anybody(StringEqualsIfExists={"aws:SourceVpc": "vpc-1"}),
    anybody(StringNotEquals={"aws:SourceVpc": "vpc-1"}),
    anybody(StringEquals={"aws:Referer": "me"}),
    anybody(Bool={"aws:SecureTransport": "true"}),
    anybody(IpAddress={"aws:SourceIp": ["192.0.2.1", "100.0.0.0/7"]}),
    anybody(IpAddress={"aws:SourceIp": "2001::/31"}),
    anybody(IpAddress={"aws:SourceIp": "home"}),
    anybody(NotIpAddress={"aws:SourceIp": "192.0.2.1"}),
]
NOT_PUBLIC = [
    policy(Effect="Deny", Principal="*"),
    policy(Principal={"Service": "logging.s3.amazonaws.com"}),
    anybody(StringEquals={"aws:SourceVpc": "vpc-91237329"}, Bool={"aws:SecureTransport": "true"}),
    anybody(StringLike={"AWS:principalorgid": "o-1"}),
    anybody(IpAddress={"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24", "2600::/32"]}),
    anybody(ArnLike={"s3:DataAccessPointArn": "arn:aws:s3:us-east-1:123456789012:accesspoint/*"}),
]


@pytest.mark.parametrize("text", PUBLIC, ids=lambda value: value[-100:])
def test_public_policies_are_denied_while_the_block_is_on(s3: Any, bucket: str, text: str) -> None:
    assert error_of(s3, bucket, text)[0] == "AccessDenied"
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text


@pytest.mark.parametrize("text", NOT_PUBLIC, ids=lambda value: value[-100:])
def test_other_policies_are_not(s3: Any, bucket: str, text: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
