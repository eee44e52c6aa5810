"""AWS's descriptions of its services are found without looking for all there are, and read once."""

import json
import re
from pathlib import Path

import boto3
import pytest
from botocore import credentials, tokens, utils
from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader, create_loader

from reconciler.s3 import models
from reconciler.s3.clients import Clients

ROOM = Path(models.__file__).parent


def test_every_service_that_is_named_is_one_of_botocores() -> None:
    assert {*models.SERVICES, *models.FOR_CREDENTIALS} <= {*Loader().list_available_services("service-2")}


def test_every_service_that_botocore_asks_for_credentials_can_be_asked() -> None:
    """Its own providers make clients with the same session; a name that is missing here would end a login."""
    code = Path(credentials.__file__).read_text() + Path(tokens.__file__).read_text() + Path(utils.__file__).read_text()
    asked = {*re.findall(r"(?:create_client|_client_creator|client_creator)\(\s*['\"]([\w-]+)['\"]", code)}
    assert {"sso", "sts"} <= asked
    ours = Clients(region="us-east-1").models
    for name in {*asked, *models.FOR_CREDENTIALS}:
        assert ours.load_service_model(name, "service-2")["metadata"]["apiVersion"]


def test_every_service_that_is_asked_is_named() -> None:
    asked = {name for path in ROOM.glob("*.py") for name in re.findall(r"client\(\s*\"(\w+)\"", path.read_text())}
    assert asked == {*models.SERVICES}


def test_they_are_looked_for_where_botocore_would_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("botocore.session.create_loader", create_loader)  # other tests have all sessions share one
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    usual = boto3.session.Session(region_name="us-east-1")
    paths = usual._session.get_component("data_loader").search_paths
    ours = Clients(region="us-east-1").models
    assert ours.search_paths == [*dict.fromkeys(paths)]
    assert ours.search_paths[0] == str(tmp_path)


def test_each_is_read_once_whatever_the_number_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    models.models_in.cache_clear()
    read: list[str] = []
    plain = JSONFileLoader.load_file

    def load_file(self: JSONFileLoader, path: str) -> object:
        found = plain(self, path)
        if found is not None:
            read.append(path)
        return found

    monkeypatch.setattr(JSONFileLoader, "load_file", load_file)
    for region in ("us-east-1", "eu-west-1"):
        clients = Clients(region=region, sandbox=True, endpoint_url="http://127.0.0.1:9")
        clients.s3(None)
        clients.sts()
    assert read
    assert len(read) == len(set(read))


def test_they_say_what_botocore_reads_in_them() -> None:
    theirs, ours = Loader(), models.Models()
    for name in (*models.SERVICES, *models.FOR_CREDENTIALS):
        for kind in ("service-2", "endpoint-rule-set-1"):
            said = ours.load_service_model(name, kind)
            assert said == theirs.load_service_model(name, kind)
            assert json.dumps(said) == json.dumps(theirs.load_service_model(name, kind)), "in the same order"
    for data in ("endpoints", "partitions", "sdk-default-configuration"):
        assert ours.load_data(data) == theirs.load_data(data)
    with pytest.raises(DataNotFoundError):
        ours.load_data("nothing")
