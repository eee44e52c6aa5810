"""YAML that the strict reader reads back as just what was written.

PyYAML alone leaves words plain that other readers, or other versions of YAML, take for something else.
"""

import re

import yaml

from reconciler.inert import needs_quotes


class Quoting(yaml.SafeDumper):
    """Quotes what the strict reader would not read back as text: PyYAML alone leaves `0987`, `nO` and `1.5e3` plain."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Line breaks of every kind (YAML 1.1 has five), and what is not inert, are written as escapes."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if needs_quotes(text) else None)


Quoting.add_representer(str, Quoting.represent_text)
Quoting.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?i:true|false|yes|no|on|off)\Z"), [*"tTfFyYnNoO"])
Quoting.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9.]*([eE].*)?\Z"), [*"-+0123456789"])
