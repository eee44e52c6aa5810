"""Which specs are meant: those of a question, whoever asks it."""

from pathlib import Path

import pytest

from reconciler.errors import InvalidSpecs, UsageError
from reconciler.question import Question, load_specs
from reconciler.settings import Account

SPEC = "buckets: [{name: acme-lake, versioning: Enabled}, {name: acme-raw, account: '111122223333'}]"


@pytest.fixture(autouse=True)
def spec(folder: Path) -> None:
    Path("lake.yaml").write_text(SPEC)


def test_a_target_has_to_be_one_of_the_buckets() -> None:
    assert len(load_specs(Question(("lake.yaml",), {}, ("acme-raw",))).buckets) == 2
    with pytest.raises(UsageError, match="no spec describes the bucket `acme-lak`") as refused:
        load_specs(Question(("lake.yaml",), {}, ("acme-lak",)))
    assert refused.value.remedy == "did you mean `acme-lake`?"
    with pytest.raises(UsageError) as refused:
        load_specs(Question(("lake.yaml",), {}, ("something-else-altogether",)))
    assert refused.value.remedy == "check --target"


def test_an_account_that_the_settings_do_not_let_in_its_region() -> None:
    accounts = (Account(account="111122223333", regions=("eu-west-1",)),)
    Path("lake.yaml").write_text(SPEC.replace("account:", "region: us-east-1, account:"))
    with pytest.raises(InvalidSpecs):
        load_specs(Question(("lake.yaml",), {}), accounts=accounts)
