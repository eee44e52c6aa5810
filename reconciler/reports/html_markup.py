"""HTML that strings cannot break out of: the one place where text becomes markup.

A text is made inert and escaped on its way in; only what `element` has made is taken as it is. Adding a text to
markup, or formatting it into one, gives plain text again, which is escaped: mistakes show, and do no harm.
"""

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from reconciler.inert import inert

ALONE = frozenset({"meta", "input", "rect", "line"})
"""Elements that hold nothing."""


class Html(str):
    """Markup that is whole."""

    __slots__ = ()


Content: TypeAlias = "str | Html | Iterable[Content] | None"


def element(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Html:
    """One element. `class_` is ``class``, `data_is` is ``data-is``; True is a bare attribute, False or None is none."""
    said = "".join(
        f" {key.strip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(inert(str(value)))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in ALONE:
        return Html(f"<{name}{said}>" if name in {"meta", "input"} else f"<{name}{said}/>")
    return Html(f"<{name}{said}>{markup(content)}</{name}>")


def markup(content: Content) -> Html:
    """Content as markup."""
    if content is None:
        return Html()
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return Html(escape(inert(content)))
    return Html("".join(map(markup, content)))


def link(target: str | None, *content: Content, **attributes: str | int | bool | None) -> Html:
    """A link within the page or to a page of the web; the content alone where the address is neither."""
    if target is None or not target.startswith(("#", "https://")):
        return markup(content)
    return element("a", *content, href=target, **attributes)


def hidden(*content: Content) -> Html:
    """What is read aloud and not shown, where a sign or a colour says it to the eye."""
    return element("span", *content, class_="aloud")
