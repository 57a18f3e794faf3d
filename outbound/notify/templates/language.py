"""The language of templates: Jinja2's text, values, conditions and loops over data, and nothing of the rest.

A template is read by Jinja2 and looked through before anything is compiled, so a misspelt value is refused with its
line instead of leaving a blank in a letter. There are no calls, no arithmetic and nothing of Python's to reach; what
loops run over is counted, so that no template takes long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outbound.notify.templates import markup
from outbound.notify.templates.forms import DISCREET, LONGEST, MOST, TOO_DEEP, Fault, Form, WrongTemplate, capital
from outbound.notify.templates.looking import LOOP, faults
from outbound.notify.templates.shapes import Shape, plain

_STEPS = 20_000  # things that all loops of one text run over, together
_BUDGET = " budget"  # a name that no template can write


class _BrokenError(TemplateError):
    """No text can be made of something."""


# ------------------------------------------------------------------------------------------------ filters


def _day(value: object) -> str:
    """May 1, 2026: as law firms write it."""
    if not isinstance(value, str):
        raise _BrokenError("| day is for days that are known")
    day = date.fromisoformat(value)
    return f"{day:%B} {day.day}, {day.year}"


def _left(value: object) -> str:
    """In 30 days, tomorrow, today, 3 days ago."""
    if not isinstance(value, int):
        raise _BrokenError("| left is for numbers of days")
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return near.get(value) or (f"in {value} days" if value > 0 else f"{-value} days ago")


def _capital(value: object) -> str:
    """With a capital first."""
    if not isinstance(value, str):
        raise _BrokenError("| capital is for texts that are known")
    return capital(value)


def _listed(value: object) -> str:
    """Commas, and an "and" before the last; what it gives is escaped like any text."""
    words = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def _number(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


@pass_context
def _each(context: Context, value: object) -> list[Any]:
    """What a loop may run over, while there is something left to run."""
    if not isinstance(value, list):
        raise _BrokenError("a loop runs over a list")
    budget = context[_BUDGET]
    budget.left -= 1 + len(value)
    if budget.left < 0:
        raise _BrokenError(f"its loops run over more than {_STEPS:,} things")
    return value


class _Budget:
    """What is left of the steps of one text."""

    left = _STEPS


_FILTERS: Mapping[str, Callable[[Any], object]] = {
    "day": _day,
    "left": _left,
    "capital": _capital,
    "listed": _listed,
    "length": _number,
}


def _known_only(value: object) -> object:
    """Nothing is written for what is not known: not "None", and not a blank."""
    if value is None:
        raise _BrokenError("a value that may be unknown is written without asking: put {% if %} around it")
    return value


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks values up in plain data, never at objects: `x.items` is a field or nothing, not a method of Python's."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - Jinja2's signature
        """A field of a table, or one of the three that a loop has."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any | Undefined:  # noqa: ANN401 - Jinja2's signature
        """Nothing: the language has no brackets."""
        return self.undefined(obj=obj, name=argument)


def _environment(*, escapes: bool) -> _Sandbox:
    made = _Sandbox(
        undefined=StrictUndefined,
        autoescape=escapes,
        finalize=_known_only,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=0,
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters.update(_FILTERS, each=_each)
    return made


_PLAIN, _HTML = _environment(escapes=False), _environment(escapes=True)


# ------------------------------------------------------------------------------------------------ reading


class Text(NamedTuple):
    """A template that was looked through, ready to be filled in."""

    name: str
    form: Form
    template: Template

    def fill(self, data: Shape) -> str:
        """What it says of this data.

        Raises:
            WrongTemplate: it cannot be filled in.
        """
        try:
            return _one_line(self.form, self._filled(data))
        except (TemplateError, ValueError, TypeError) as error:
            told = f"{capital(str(error).rstrip('.'))}."
            raise WrongTemplate(self.name, self.form, [Fault(_line_of(error), told)]) from error

    def _filled(self, data: Shape) -> str:
        pieces, size = [], 0
        for piece in self.template.generate({**plain(data), _BUDGET: _Budget()}):
            size += len(piece)
            if size > MOST[self.form]:
                raise _BrokenError(f"it comes to more than {MOST[self.form]:,} characters")
            pieces.append(piece)
        if not "".join(pieces).strip():
            raise _BrokenError("it comes to nothing")
        return "".join(pieces)


def compiled(name: str, form: Form, source: str, shape: type[Shape], samples: Iterable[Shape]) -> Text:
    """Look through a template, and try it on samples.

    Args:
        name: of the template.
        form: which of its texts.
        source: what somebody wrote.
        shape: of the data that it will be given.
        samples: must all come to something; one of them knows as little as there can be.

    Raises:
        WrongTemplate: with everything that is wrong, by lines.
    """
    if len(source) > LONGEST[form]:
        sentence = f"It has {len(source):,} characters; {LONGEST[form]:,} are allowed."
        raise WrongTemplate(name, form, [Fault(1, sentence)])
    tree = _read(name, form, source)
    found = faults(tree, shape, discreet=form in DISCREET)
    if found := sorted([*found, *(markup.faults(source) if form == "html" else ())]):
        raise WrongTemplate(name, form, found)
    text = Text(name, form, _made(tree, name, form))
    for one in samples:
        text.fill(one)
    return text


def _read(name: str, form: Form, source: str) -> nodes.Template:
    try:
        return _of(form).parse(source)
    except TemplateSyntaxError as error:
        raise WrongTemplate(
            name, form, [Fault(error.lineno, f"{capital((error.message or '').rstrip('.'))}.")]
        ) from error
    except RecursionError as error:
        raise WrongTemplate(name, form, [Fault(1, TOO_DEEP)]) from error
    except ValueError as error:
        raise WrongTemplate(name, form, [Fault(1, _TOO_LARGE)]) from error


def _made(tree: nodes.Template, name: str, form: Form) -> Template:
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, "each", [], [], None, None, lineno=loop.lineno)
    environment = _of(form)
    try:
        code = environment.compile(tree, name, _FILE)
    except ValueError as error:
        raise WrongTemplate(name, form, [Fault(1, _TOO_LARGE)]) from error
    return Template.from_code(environment, code, {}, None)


def _of(form: Form) -> _Sandbox:
    return _HTML if form == "html" else _PLAIN


_FILE = "<template>"
_TOO_LARGE = "A number in it has too many digits."  # Python neither reads nor writes one of thousands


def _line_of(error: BaseException) -> int:
    """Jinja2 rewrites tracebacks so that they speak of the template's lines."""
    at, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            at = trace.tb_lineno
        trace = trace.tb_next
    return at


def _one_line(form: Form, text: str) -> str:
    return " ".join(text.split()) if form in DISCREET else text.strip() + "\n"
