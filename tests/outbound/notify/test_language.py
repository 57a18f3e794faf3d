"""The language of templates: what it says, what it refuses with a line, and that nothing in it takes long."""

from __future__ import annotations

import time
from datetime import date

import pytest
from msgspec.structs import replace

from outbound.notify.templates.catalogue import TEMPLATES, house
from outbound.notify.templates.forms import FORMS, WrongTemplate
from outbound.notify.templates.language import compiled
from outbound.notify.templates.looking import values
from outbound.notify.templates.shapes import Announcement, DocumentsNeeded, OnePaper

EXPIRY = TEMPLATES["expiry"]
PAPER = EXPIRY.samples[1].paper


def said(source, form="text", data=None):
    return compiled("expiry", form, source, OnePaper, EXPIRY._tried()).fill(data or EXPIRY.samples[0])


def refused(source, form="text", name="expiry"):
    with pytest.raises(WrongTemplate) as problem:
        compiled(name, form, source, TEMPLATES[name].shape, TEMPLATES[name]._tried())
    return problem.value.faults


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_houses_own_texts_can_be_said_of_all_samples(name, form):
    for sample in TEMPLATES[name]._tried():
        text = house(name, form).fill(sample)
        assert text.strip()
        assert "None" not in text
        assert "  ," not in text
        assert " ," not in text


@pytest.mark.parametrize("form", ["subject", "short"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_subjects_and_short_texts_are_one_line(name, form):
    assert all("\n" not in house(name, form).fill(sample) for sample in TEMPLATES[name]._tried())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ paper.what }}", "passport\n"),
        ("{{ paper.expires_on | day }}", "October 1, 2026\n"),
        ("{{ paper.days_left | left | capital }}", "3 days ago\n"),
        (
            "{% for one in more %}{{ loop.index }} {{ one.what }}{% if loop.last %}.{% endif %}{% endfor %}x",
            "1 I-94.x\n",
        ),
        (
            "{% if more | length == 1 and not paper.needs_answer %}a{% elif paper.step > 0 %}b{% else %}c{% endif %}",
            "b\n",
        ),
        ("{{ paper.case or 'none' }}", "NG-2026-0042, drafting\n"),
        ("{{ paper.case if paper.case else 'none' }}", "NG-2026-0042, drafting\n"),
        ("{# for us #}{% raw %}{{ x }}{% endraw %}", "{{ x }}\n"),
    ],
)
def test_a_template_says_what_its_data_holds(source, text):
    assert said(source) == text


@pytest.mark.parametrize(
    ("days", "words"),
    [(30, "in 30 days"), (1, "tomorrow"), (0, "today"), (-1, "yesterday"), (-8, "8 days ago")],
)
def test_days_are_said_as_people_say_them(days, words):
    data = OnePaper(firm="F", you=False, paper=replace(PAPER, days_left=days))
    assert said("{{ paper.days_left | left }}", data=data) == f"{words}\n"


def test_lists_are_said_with_commas_and_an_and():
    template = TEMPLATES["documents_needed"]
    text = compiled("documents_needed", "text", "{{ documents | listed }}", DocumentsNeeded, template.samples)
    assert [text.fill(DocumentsNeeded(documents=list(each))) for each in ("a", "ab", "abc")] == [
        "a\n",
        "a and b\n",
        "a, b and c\n",
    ]


def test_what_is_written_into_html_is_escaped():
    data = OnePaper(firm="F", you=False, paper=replace(PAPER, employer="<b>A&B</b>"))
    assert said("<p>{{ paper.employer }}</p>", "html", data) == "<p>&lt;b&gt;A&amp;B&lt;/b&gt;</p>\n"
    assert said("{{ paper.employer }}", "text", data) == "<b>A&B</b>\n"


def test_what_is_joined_into_html_is_escaped():
    template = TEMPLATES["documents_needed"]
    text = compiled("documents_needed", "html", "{{ documents | listed }}", DocumentsNeeded, template.samples)
    assert "<i>" not in text.fill(DocumentsNeeded(documents=["<i>", "<i>"]))


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("a\n{{ paper.whta }}", 2, '"whta" is not a field that this has. Did you mean "what"?'),
        ("\n\n{{ papre.what }}", 3, 'Did you mean "paper"?'),
        ("{% for one in more %}\n{{ one.waht }}{% endfor %}", 2, 'Did you mean "what"?'),
        ("x\n{{ paper.owner }}", 2, "may be unknown"),
        ("x\n{{ paper.owner | capital }}", 2, "texts that are known"),
        ("{% if paper.owner %}\n{{ paper.case }}{% endif %}", 2, None),  # both are unknown together: nothing is said
        ("a\n{% if %}", 2, "Expected"),
        ("a\n{{", 2, "end of template"),
        ("{{ paper }}", 1, "no single value"),
        ("x{{ more | listed }}", 1, "not for this kind"),
        ("{{ paper.what | day }}", 1, "not for this kind"),
        ("{{ paper.what | tojson }}", 1, 'There is no filter "tojson"'),
        ("{{ paper.what | center(1000000000) }}", 1, "There is no filter"),
        ("{{ range(1000000000) }}", 1, "A call"),
        ("{{ paper.items() }}", 1, "A call"),
        ("{{ paper['what'] }}", 1, "in brackets"),
        ("{{ 'a' * 1000000000 }}", 1, "Reckoning"),
        ("{{ 9 ** 9 ** 9 }}", 1, "Reckoning"),
        ("{{ 'a' ~ 'b' }}", 1, "joining"),
        ("{{ [1, 2] }}", 1, "A list"),
        ("{{ paper.what is defined }}", 1, "A test"),
        ("{% set x = 1 %}", 1, "set"),
        ("{% include 'secret' %}", 1, "include"),
        ("{% import 'os' as os %}", 1, "import"),
        ("{% extends 'x' %}", 1, "extends"),
        ("{% macro x() %}{% endmacro %}", 1, "macro"),
        ("{% block x %}{% endblock %}", 1, "block"),
        ("{% with x = 1 %}{% endwith %}", 1, "with"),
        ("{% for one in 'abc' %}x{% endfor %}", 1, "loop runs over a list"),
        ("{% for one in paper %}x{% endfor %}", 1, "loop runs over a list"),
        ("{% for one in more if one.what %}x{% endfor %}", 1, "A loop is written"),
        ("{{ ''.__class__.__mro__ }}", 1, '"__class__"'),
        ("{{ self }}", 1, '"self"'),
        ("{{ loop }}", 1, '"loop"'),
        ("{% for a in more %}{{ loop.cycle }}{% endfor %}", 1, '"cycle"'),
        ("{{ cycler }}", 1, '"cycler"'),
        ("", 1, "It comes to nothing"),
        ("{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", 1, "nest deeper"),
        ("{{ " + "not " * 3_000 + "1 }}", 1, "nest deeper"),
        ("{{ " + "9" * 5_000 + " }}", 1, "too many digits"),
        ("{{ 0x" + "f" * 5_000 + " }}", 1, "too many digits"),
        ("{% if you %}" * 40 + "x" + "{% endif %}" * 40, 1, "nest deeper"),
        ("x" * 20_001, 1, "20,000 are allowed"),
    ],
)
def test_a_wrong_template_is_refused_with_its_line(source, line, words):
    if words is None:
        assert said(source + "x")
        return
    faults = refused(source)
    assert words.lower() in faults[f"line {line}"].lower()


def test_everything_that_is_wrong_is_told_at_once():
    assert list(refused("{{ a }}\n{{ firm }}\n{{ b }} {{ c }}")) == ["line 1", "line 3"]


@pytest.mark.parametrize(
    "source", ["{{ paper.owner }}", "{{ paper.case or 'x' }}", "{{ 'x' and paper.why }}", "{{ paper.why | capital }}"]
)
@pytest.mark.parametrize("form", ["subject", "short"])
def test_what_is_for_the_inside_stands_in_no_subject_and_no_short_text(source, form):
    assert "locked telephone" in refused(source, form)["line 1"]


def test_what_is_for_the_inside_is_found_in_loops_too():
    assert "locked telephone" in refused("{% for one in more %}{{ one.why }}{% endfor %}x", "short")["line 1"]
    assert (
        "locked telephone"
        in refused("{% for one in paragraphs %}{{ one }}{% endfor %}", "short", "announcement")["line 1"]
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<script>x</script>", "no place for <script>"),
        ("<img src='https://x.example/p.gif'>", "no place for <img>"),
        ("<style>p {}</style>", "no place for <style>"),
        ("<form action=x></form>", "no place for <form>"),
        ("<p onclick='x'>a</p>", "<p> has no onclick"),
        ("<p style='background: url(https://x.example)'>a</p>", "<p> has no style"),
        ("<a href='javascript:x'>a</a>", "https:// or mailto:"),
        ("<a href='http://x.example'>a</a>", "https:// or mailto:"),
        ("<a href='{{ firm }}'>a</a>", "https:// or mailto:"),
        ("<a href='https://x.example/{{ firm }}'>a</a>", "https:// or mailto:"),
        ("<th scope='{{ firm }}'>a</th>", "not in a tag"),
        ("<p {{ firm }}>a</p>", "<p> has no"),
        ("<{{ firm }}>", "Write < as &lt;"),
        ("a <!-- b -->", "Write comments as"),
        ("<!DOCTYPE html><p>a</p>", "the house's"),
        ("<html><p>a</p></html>", "no place for <html>"),
        ("a</main>", "no place for </main>"),
        ("<a href='", "does not end"),
    ],
)
def test_html_that_runs_hides_or_fetches_is_refused(source, words):
    assert words in " ".join(refused(f"<p>fine</p>\n{source}", "html").values())


def test_html_of_words_lists_tables_and_links_is_taken():
    source = "<h2>A</h2><ul><li><a href='https://northgate.example/x?y=1'>b</a></li></ul><table><tr><th scope='row'>c</th></tr></table>"
    assert said(source, "html").strip() == source


def test_loops_that_would_run_for_long_are_ended():
    loops = "{% for a in paragraphs %}" * 9 + "{{ a }}" + "{% endfor %}" * 9
    text = compiled("announcement", "text", loops, Announcement, TEMPLATES["announcement"].samples)
    begun = time.perf_counter()
    with pytest.raises(WrongTemplate, match="more than 20,000 things"):
        text.fill(Announcement(title="x", paragraphs=["x"] * 20))
    assert time.perf_counter() - begun < 2


def test_texts_that_would_become_long_are_ended():
    text = compiled(
        "announcement", "short", "{{ title }}" * 10, Announcement, [Announcement(title="x", paragraphs=["x"])]
    )
    with pytest.raises(WrongTemplate, match="more than 320 characters"):
        text.fill(Announcement(title="x" * 100, paragraphs=["x"]))


def test_fields_are_looked_up_in_data_and_never_at_objects():
    """`days.items`, `count.real`: names that Python's own types have."""
    assert '"real"' in refused("{{ count.real }}", name="digest")["line 1"]
    assert '"items"' in refused("{{ paper.items }}")["line 1"]


def test_what_a_template_may_say_is_told_with_its_kind():
    told = dict(values(OnePaper))
    assert told["paper.expires_on"] == "day"
    assert told["more[].owner"] == "text, within the message only"
    assert told["you"] == "yes or no"


def test_days_of_another_calendar_are_said_the_same():
    data = OnePaper(firm="F", you=False, paper=replace(PAPER, expires_on=date(2028, 2, 29)))
    assert said("{{ paper.expires_on | day }}", data=data) == "February 29, 2028\n"
