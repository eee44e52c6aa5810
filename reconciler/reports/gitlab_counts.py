"""What GitLab shows of a plan in a merge request: how many buckets come, change and go.

GitLab takes it as `artifacts:reports:terraform` (docs.gitlab.com, "Terraform integration in merge requests"). Guests
of a project may read such an artifact: it holds numbers alone.
"""

import json

from reconciler.planning.changeset import Action
from reconciler.reports.review import Review

COUNTED = (Action.CREATE, Action.UPDATE, Action.DELETE)


def render(review: Review) -> str:
    """Three numbers; nothing but zeros where there is no plan."""
    summary = review.document["summary"] if review.document else {}
    return json.dumps({action.value: summary.get(action.value, 0) for action in COUNTED}) + "\n"
