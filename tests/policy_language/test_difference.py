"""How two policies are laid side by side."""

from reconciler.aspects.policy import Policy
from reconciler.policy_language.difference import named_statements
from tests.policy_language.examples import BASE, S1, one


def test_names_of_statements() -> None:
    policy = {
        "Statement": [S1, S1, BASE | {"Action": ["s3:a", "s3:b"]}, {"NotAction": "s3:x"}, {}, "x", BASE | {"Sid": "A"}]
    }
    assert list(named_statements(policy)) == [
        "Allow s3:GetObject",
        "Allow s3:GetObject'",
        "Allow s3:a +1",
        "? s3:x",
        "? ?",
        "? ?'",
        "A",
    ]


def test_a_policy_is_shown_with_its_words() -> None:
    shown = Policy(one(Sid="A", Condition={"Bool": {"aws:SecureTransport": False}, "X": 5})).picture()
    assert shown["Statement"] == {
        "A": {
            "Effect": "Allow",
            "Principal": {"AWS": ["111122223333"]},
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::b/*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}, "X": 5},
        }
    }


def test_keys_of_tags_are_shown_as_they_are() -> None:
    written = {"StringEquals": {"S3:ExistingObjectTag/Team": "data"}}
    shown = Policy(one(Sid="A", Condition=written)).picture()["Statement"]["A"]["Condition"]
    assert shown == {"StringEquals": {"S3:ExistingObjectTag/Team": ["data"]}}


def test_of_several_statements_the_most_alike_are_paired() -> None:
    near, far = BASE | {"Sid": "Near"}, BASE | {"Sid": "Far", "Resource": ["arn:aws:s3:::b/x", "arn:aws:s3:::b/y"]}
    before, after = Policy.pictures(
        Policy({"Statement": [far, near]}), Policy({"Statement": [BASE | {"Sid": "Nearest"}]})
    )
    assert set(before["Statement"]) == {"Nearest", "Far"}
    assert set(after["Statement"]) == {"Nearest"}
    assert before["Statement"]["Nearest"]["Sid"] == "Near"
