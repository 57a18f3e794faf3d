"""What stands around every message, whatever its words: its firm, what can be done by a press, how to hear no more.

The page has no image, script or font of anybody's, and names no colour but through the reader's own scheme, so it can
be read in the dark as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import escape


class Press(NamedTuple):
    """Something that can be done: what it is called, and where; looking there does nothing."""

    label: str
    url: str


class Frame(NamedTuple):
    """What is around one message.

    Attributes:
        firm: its name.
        presses: the first one stands out.
        unsubscribe: where to ask for no more of such messages; None where there is no asking.
        each: what can be done about one of many, and what that is called.
    """

    firm: str
    presses: Sequence[Press] = ()
    unsubscribe: str | None = None
    each: Sequence[tuple[str, Sequence[Press]]] = ()

    def letter(self, text: str) -> str:
        """The whole message as plain text."""
        parts = [text.strip(), *(f"{one.label}:\n{one.url}" for one in self.presses), *self._one_by_one()]
        return "\n\n".join([*parts, f"-- \n{self._ending()}{self._no_more()}"]) + "\n"

    def page(self, subject: str, body: str) -> str:
        """The whole message as a page; `body` is HTML that was looked through."""
        presses = "".join(f"<p>{_pressed(one)}</p>\n" for one in self.presses)
        ending = f"<p><small>{escape(self._ending())}{self._no_more_link()}</small></p>"
        return _PAGE.format(title=escape(subject), inside=f"{body}{presses}{self._list()}", ending=ending)

    def _one_by_one(self) -> Sequence[str]:
        told = [f"{what}\n{_lines(presses)}" for what, presses in self.each]
        return [f"{_EACH}:", *told] if told else []

    def _list(self) -> str:
        """The same for the page."""
        told = [
            f"<li>{escape(what)}<br>\n{' &middot; '.join(map(_pressed, presses))}</li>\n" for what, presses in self.each
        ]
        return f"<h2>{_EACH}</h2>\n<ul>\n{''.join(told)}</ul>\n" if told else ""

    def _ending(self) -> str:
        return f"This message was written by a machine for {self.firm}; answers to it may not be read."

    def _no_more(self) -> str:
        return f"\nNo more such messages:\n{self.unsubscribe}" if self.unsubscribe else ""

    def _no_more_link(self) -> str:
        return f' <a href="{escape(self.unsubscribe)}">No more such messages</a>' if self.unsubscribe else ""


_EACH = "Or answer one by one"


def _pressed(one: Press) -> str:
    return f'<a href="{escape(one.url)}">{escape(one.label)}</a>'


def _lines(presses: Sequence[Press]) -> str:
    return "\n".join(f"  {one.label}: {one.url}" for one in presses)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; }}
main, footer {{ max-width: 38em; margin: 0 auto; padding: 1em; }}
h1 {{ font-size: 1.4em; margin: 0 0 .5em; }}
h2 {{ font-size: 1.2em; margin: 1.5em 0 .3em; }}
h3 {{ font-size: 1em; margin: 1em 0 .3em; }}
ul {{ padding-left: 1.2em; }}
li {{ margin-bottom: .8em; }}
th, td {{ text-align: left; vertical-align: top; padding: .2em 1em .2em 0; }}
th {{ white-space: nowrap; }}
footer {{ border-top: 1px solid; }}
</style>
</head>
<body>
<main>
{inside}</main>
<footer>
{ending}
</footer>
</body>
</html>
"""
