"""What the clients of both hosts do with what is theirs and with what is not."""

import pytest

from reconciler.pull_request.gitlab import GitLab
from reconciler.pull_request.hosts import HostRefuses, host_of
from reconciler.pull_request.job import Job, job_of
from tests.pull_request.fake_hosts import OURS, SOMEBODY, TOKEN, FakeGitHub, FakeGitLab, served


def test_a_note_on_gitlab_gives_no_orders() -> None:
    host = FakeGitLab()
    with served(host) as address:
        gitlab = GitLab(f"{address}/api/v4", "7", TOKEN)
        posted = gitlab.post(3, "a\n/merge\n/close @somebody\nb")
        gitlab.edit(3, posted.id, "/approve")
        assert [comment.body for comment in gitlab.mine(3)] == [" /approve"]
    assert host.actions == []


def test_comments_of_others_are_none_of_ours() -> None:
    host = FakeGitHub()
    host.add(3, "mine", OURS)
    host.add(3, "theirs", SOMEBODY)
    host.add(3, "of a user with the bot's name", "github-actions")
    host.add(4, "elsewhere", OURS)
    with served(host) as address:
        github = host_of(Job("github", address, "acme/lake"), {"GH_TOKEN": TOKEN})
        assert [comment.body for comment in github.mine(3)] == ["mine"]
        with pytest.raises(HostRefuses) as refused:
            host_of(Job("github", address, "acme/lake"), {"GITHUB_TOKEN": "wrong"}).post(3, "x")
    assert refused.value.forbidden
    assert "wrong" not in refused.value.message


def test_a_job_says_where_it_runs() -> None:
    assert job_of({}) == Job()
    assert job_of({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "/nowhere"}).host == "github"
    gitlab = job_of(
        {
            "GITLAB_CI": "true",
            "CI_PROJECT_ID": "8",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8",
            "CI_COMMIT_BEFORE_SHA": "0" * 40,
        }
    )
    assert (gitlab.repository, gitlab.number, gitlab.before, gitlab.is_fork) == ("7", 3, None, True)
