"""The settings of a run: `reconcile.yaml` in this folder, or the file that ``--settings`` names."""

from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.settings import Settings


def settings_of(arguments: Namespace) -> "Settings":
    """What the team has decided; the defaults where it has decided nothing."""
    from reconciler.specs.settings import load_settings

    return load_settings(getattr(arguments, "settings", None))
