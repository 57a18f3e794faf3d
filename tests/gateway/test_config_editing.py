"""One value of a config changed where it stands: the rest of the text stays, or nothing is changed at all."""

import pytest

from gateway.config import read
from gateway.config.editing import flow, plain, put, take_out
from gateway.errors import Conflict

TEXT = """\
# ours
partner: acme   # never changes
feeds:
  roster:
    client:
      key: employee_id
      fields:
        employee_id: {from: EMP_ID}   # the key
        # UNSURE: one of two
        #   as it seems
        date_of_birth: {from: DOB, type: date}   # by its name

        # a remark of ours
        hire_date:
          from: Hired
          type: date   # American
    # below
    keep: [Dept, &boss Manager]
    where: {column: *boss, is: [x]}
"""
FIELDS = ("feeds", "roster", "client", "fields")


@pytest.fixture
def document():
    return read(TEXT)


def test_a_value_is_replaced_where_it_stands(document):
    text = put(document, (*FIELDS, "date_of_birth"), {"from": "Birth: day", "type": "date", "required": True})
    there, here = "{from: DOB, type: date}", '{from: "Birth: day", type: date, required: true}'
    assert text == TEXT.replace(there, here)


def test_a_value_of_several_lines_comes_to_one(document):
    text = put(document, (*FIELDS, "hire_date"), {"from": "Hired", "type": "date", "required": True})
    assert plain(read(text))["feeds"]["roster"]["client"]["fields"]["hire_date"]["required"] is True
    assert "# a remark of ours" in text
    assert "# below\n    keep" in text


def test_a_new_key_stands_last_and_as_the_others_do(document):
    text = put(document, (*FIELDS, "family_name"), {"from": "Last"})
    assert "          type: date   # American\n        family_name: {from: Last}\n    # below\n" in text
    end = put(read("partner: acme"), ("firm",), "no")
    assert end == 'partner: acme\nfirm: "no"'


def test_a_key_goes_with_its_doubts_and_with_nothing_else(document):
    text = take_out(document, (*FIELDS, "date_of_birth"))
    gone = TEXT[TEXT.index("        # UNSURE") : TEXT.index("\n        # a remark")]
    assert text == TEXT.replace(gone, "")
    without = take_out(document, (*FIELDS, "hire_date"))
    assert "# a remark of ours\n    # below" in without


@pytest.mark.parametrize(
    "change",
    [
        lambda one: put(one, ("feeds", "roster", "where", "column"), "Boss"),  # would change what it repeats
        lambda one: put(one, ("feeds", "roster", "keep"), ["Dept"]),  # would leave the alias without what it repeats
        lambda one: put(one, ("feeds", "other", "file"), "x"),
        lambda one: take_out(one, ("feeds", "roster", "where", "is")),  # on one line with others
        lambda one: take_out(one, ("feeds", "roster", "none")),
        lambda _: take_out(read("feeds:\n  a: 1\n"), ("feeds", "a")),  # would leave no mapping
    ],
    ids=["alias", "anchor", "nowhere", "in one line", "no such key", "the last one"],
)
def test_what_cannot_be_done_in_the_text_is_refused(document, change):
    with pytest.raises(Conflict) as refused:
        change(document)
    assert refused.value.code == "only_as_text"


@pytest.mark.parametrize("value", ["no", "12:30", "a: b", "", "ü\u2028", [1, None, "x y"], {"H-1B": "H1B"}, "#", "*x"])
def test_what_is_written_is_read_as_it_was(value):
    assert plain(read(f"a: {flow(value)}\n")) == {"a": value}
