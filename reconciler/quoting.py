"""YAML that the strict reader reads back as just what was written.

PyYAML alone leaves words plain that other readers, or other versions of YAML, take for something else.
"""

import re
from typing import Any

import yaml

from reconciler.inert import needs_quotes

LONGEST_KEY = 100
"""Characters of a key that both emitters write before its colon."""
LAST_OF_FIRST_PLANE = "\uffff"
Libyaml: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def represent_text(dumper: Any, text: str) -> yaml.ScalarNode:
    """Line breaks of every kind (YAML 1.1 has five), and what is not inert, are written as escapes."""
    found: yaml.ScalarNode = dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if needs_quotes(text) else None
    )
    return found


class Quoting(yaml.SafeDumper):
    """Quotes what the strict reader would not read back as text: PyYAML alone leaves `0987`, `nO` and `1.5e3` plain."""


class Swift(Libyaml):  # type: ignore[misc]  # it is one of two
    """The same by libyaml, in a quarter of the time."""


for dumper in (Quoting, Swift):
    dumper.add_representer(str, represent_text)
    dumper.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"(?i:true|false|yes|no|on|off)\Z"), [*"tTfFyYnNoO"]
    )
    dumper.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9.]*([eE].*)?\Z"), [*"-+0123456789"]
    )


def yaml_of(value: Any, width: int) -> str:
    """Plain data as `Quoting` writes it, by libyaml where that is known to write the same."""
    text: str = yaml.dump(
        value, Dumper=Swift if is_usual(value) else Quoting, sort_keys=False, allow_unicode=True, width=width
    )
    return text


def is_usual(value: Any) -> bool:
    """Whether all characters are printable and in Unicode's first plane, and no key is long or empty.

    In all else the two emitters may differ.
    """
    if isinstance(value, str):
        return value.isprintable() and (value.isascii() or max(value) <= LAST_OF_FIRST_PLANE)
    if isinstance(value, dict):
        return all(0 < len(key) <= LONGEST_KEY and is_usual(key) and is_usual(item) for key, item in value.items())
    return not isinstance(value, list) or all(is_usual(item) for item in value)
