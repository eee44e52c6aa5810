"""The settings of a run: `reconcile.yaml` in this folder, or the file that ``--settings`` names."""

from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.guardrails.judging import Guardrails
    from reconciler.settings import Settings


def guardrails_asked(arguments: Namespace, settings: "Settings") -> "Guardrails":
    """What the team asks of its specs."""
    from reconciler.specs.guardrails import load_guardrails

    return load_guardrails(settings, getattr(arguments, "settings", None))


def settings_of(arguments: Namespace) -> "Settings":
    """What the team has decided; the defaults where it has decided nothing."""
    from reconciler.specs.settings import load_settings

    return load_settings(getattr(arguments, "settings", None))
