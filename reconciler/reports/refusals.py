"""A refusal as people read it: its code, what is wrong, what moved, what to do."""

from reconciler.errors import PlanIsStale, ReconcileError
from reconciler.inert import inert
from reconciler.reports.style import Style
from reconciler.reports.values import wrapped


def render_refusal(refusal: ReconcileError, style: Style) -> str:
    """A few lines for stderr."""
    lines = [f"{style.red(f'error[{refusal.code}]')}{style.bold(': ' + inert(refusal.message))}"]
    if isinstance(refusal, PlanIsStale):
        lines += [f"  {style.red('-')} {inert(difference)}" for difference in refusal.moved]
    if refusal.remedy:
        lines += wrapped(f"  = {style.cyan('help')}: ", inert(refusal.remedy), style)
    return style.fit("\n".join(lines)) + "\n"
