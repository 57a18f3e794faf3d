"""A column keeps its cells aligned, and sorts blank, bad, cleared and token cells out of the values."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.catalogue import ROW_CODES, RowProblem
from ingest.feed import FieldSpec
from ingest.mapping import column as module
from ingest.mapping.column import LONGEST_CELL, compile_column
from ingest.mapping.errors import SpecError
from ingest.mapping.types import TYPES

TODAY = date(2026, 5, 1)
NONE_VALUES = frozenset({"", "N/A", "00000000"})


def read(cells, **options):
    return compile_column(FieldSpec(**options), none_values=NONE_VALUES, today=TODAY)(cells)


def codes(result):
    return [(index, problem.code) for index, problem in result.bad]


def test_values_stand_where_their_cells_stood():
    result = read(["1", " 2 ", "x", "", "3"], type="integer")
    assert result.values == [1, 2, None, None, 3]
    assert codes(result) == [(2, "bad_number")]
    assert (result.cleared, result.tokens) == ([], [])


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0", "\ufeff", "N/A", " N/A ", "00000000"])
def test_what_the_feed_calls_nothing_is_blank(cell):
    assert read([cell]) == module.ColumnResult([None])


@pytest.mark.parametrize("cell", ["n/a", "NA", "0", "000000000"])
def test_words_for_nothing_are_compared_exactly(cell):
    assert read([cell]).values == [cell]


@pytest.mark.parametrize(
    ("clean", "cell"),
    [
        (["digits"], "none"),
        (["upper"], "n/a"),
        (["upper"], "N/A"),
        (["strip", {"pad_left": {"width": 8}}], ""),
        ([{"strip_prefix": "_"}], "_"),
        ([], "  "),
    ],
)
def test_a_cell_that_is_blank_before_or_after_cleaning_is_blank(clean, cell):
    assert read([cell], clean=clean, required=True).values == [None]
    assert codes(read([cell], clean=clean, required=True)) == [(0, "missing_value")]


def test_blank_keeps_clears_or_rejects():
    assert codes(read(["a", ""], blank="keep")) == []
    assert read(["a", "", "N/A"], blank="clear").cleared == [1, 2]
    assert codes(read(["a", ""], blank="reject")) == [(1, "missing_value")]


def test_the_clear_token_clears_and_a_blank_keeps():
    result = read(["a", "", " #CLEAR "], clear_token="#CLEAR", type="text")
    assert result.values == ["a", None, None]
    assert result.cleared == [2]


def test_a_token_is_neither_blank_nor_a_bad_date():
    result = read(["2026-05-01", " D/S ", ""], type="date", tokens={"D/S": "duration_of_status"})
    assert result.values == [date(2026, 5, 1), None, None]
    assert result.tokens == [(1, "duration_of_status")]
    assert codes(read(["D/S"], type="date", tokens={"D/S": "duration_of_status"}, required=True)) == []


def test_a_token_is_seen_before_the_cleaners_take_it_apart():
    assert read(["D/S"], clean=["digits"], tokens={"D/S": "duration_of_status"}).tokens == [(0, "duration_of_status")]


def test_a_cell_beyond_all_measure_is_bad():
    result = read(["x" * LONGEST_CELL, "x" * (LONGEST_CELL + 1), " " * (LONGEST_CELL + 1)])
    assert len(str(result.values[0])) == LONGEST_CELL
    assert codes(result) == [(1, "too_long"), (2, "too_long")]


@pytest.mark.parametrize("cell", ["a\0b", "\0", "\ud800", "é\udc80"])
def test_text_that_the_database_cannot_hold_is_undecodable(cell):
    assert codes(read([cell])) == [(0, "undecodable")]


def test_marks_are_found_in_every_batch_and_again_after_forgetting(monkeypatch):
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 3)
    column = compile_column(FieldSpec(type="integer"), none_values=NONE_VALUES, today=TODAY)
    for _ in range(3):
        assert codes(column(["1", "x", "2", "3", "4"])) == [(1, "bad_number")]
        assert column(["1", "2"]).bad == []
        assert codes(column(["x"])) == [(0, "bad_number")]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 10)
    column = compile_column(FieldSpec(), none_values=NONE_VALUES, today=TODAY)
    for start in range(0, 100, 5):
        column([str(number) for number in range(start, start + 5)])
        assert len(column._memo) <= 15
    column(["y" * 201])
    assert "y" * 201 not in column._memo


def test_a_remembered_problem_holds_no_frames():
    ((_, problem),) = read(["078-05-1120"], type="ssn").bad
    assert problem.__traceback__ is None
    assert problem.__context__ is None


@pytest.mark.parametrize("options", [{"blank": "clear"}, {"clear_token": "-"}])
def test_a_required_value_cannot_be_cleared(options):
    with pytest.raises(SpecError) as caught:
        compile_column(FieldSpec(required=True, **options), none_values=NONE_VALUES, today=TODAY)
    assert caught.value.option in options


def test_today_is_the_day_of_receipt_and_nothing_else():
    spec = FieldSpec(type="date", max="today")
    early, late = (
        compile_column(spec, none_values=NONE_VALUES, today=day) for day in (date(2026, 5, 1), date(2026, 5, 2))
    )
    assert codes(early(["2026-05-02"])) == [(0, "out_of_range")]
    assert codes(late(["2026-05-02"])) == []


# ---------------------------------------------------------------- whatever the cells hold
SPECS = {kind: FieldSpec(type=kind) for kind in TYPES} | {
    "code": FieldSpec(type="code", map={"H-1B": "H1B", "TN": "TN"}),
    "phone": FieldSpec(type="phone", region="US"),
    "money": FieldSpec(type="money", min=0, max=1000000, length=[1, 9]),
    "euro": FieldSpec(type="money", decimal=","),
    "short": FieldSpec(type="date", formats=["%m/%d/%y", "%d-%b-%Y"], pivot=50, max="today+10y", tokens={"D/S": "x"}),
    "picky": FieldSpec(
        clean=["collapse", "title", {"last_first": "full"}],
        pattern="[A-Z ]+",
        length=[1, 10],
        one_of=["A B"],
        blank="clear",
    ),
}
ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(codec=None), max_size=10),
    st.text("0123456789.,-/: $()%eEZTAIN<+x'\u00a0\0\ud800", max_size=24),
    st.sampled_from(
        ["", "N/A", "D/S", "NaN", "Infinity", "2026-05-01", "12/31/9999", "INDIA", "ann@b.com", "5.00", "A B"]
    ),
)
COLUMNS = {
    name: compile_column(spec, none_values=NONE_VALUES, today=TODAY, max_length=30) for name, spec in SPECS.items()
}
relaxed = settings(deadline=None, max_examples=60, database=None)


@pytest.mark.parametrize("name", SPECS)
def test_any_cells_come_out_aligned_and_every_problem_can_be_told(name):
    @relaxed
    @given(st.lists(ANY_TEXT, max_size=8))
    def hold(cells):
        result = COLUMNS[name](cells)
        assert len(result.values) == len(cells)
        marked = [index for index, _ in result.bad] + result.cleared + [index for index, _ in result.tokens]
        assert len(marked) == len(set(marked))
        assert all(result.values[index] is None for index in marked)
        for index, problem in result.bad:
            assert problem.code in ROW_CODES
            told = RowProblem(1, 1, problem.code, "Column", cells[index], details=problem.details)
            assert told.message
            assert told.fix

    hold()


@pytest.mark.parametrize("name", SPECS)
def test_a_column_of_cells_comes_to_the_same_as_each_cell_alone(name):
    @relaxed
    @given(st.lists(ANY_TEXT, max_size=8))
    def hold(cells):
        together = compile_column(SPECS[name], none_values=NONE_VALUES, today=TODAY, max_length=30)(cells)
        alone = [
            compile_column(SPECS[name], none_values=NONE_VALUES, today=TODAY, max_length=30)([cell]) for cell in cells
        ]
        assert together.values == [one.values[0] for one in alone]
        assert codes(together) == [(index, one.bad[0][1].code) for index, one in enumerate(alone) if one.bad]
        assert together.cleared == [index for index, one in enumerate(alone) if one.cleared]
        assert together.tokens == [(index, one.tokens[0][1]) for index, one in enumerate(alone) if one.tokens]

    hold()


@relaxed
@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_date_survives_its_way_through_any_format(day):
    formats = ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y", "%B %d, %Y"]
    for pattern in formats:
        written = day.strftime(pattern).rjust(len("2026-05-01") if pattern.startswith("%Y-") else 0, "0")
        assert read([written], type="date", formats=[pattern]).values == [day]
    assert read([f"{day.month}/{day.day}/{day.year}"], type="date", formats=["%m/%d/%Y"]).values == [day]


@relaxed
@given(st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - the offset is drawn
def test_an_instant_survives_any_offset(local, minutes):
    instant = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read([instant.isoformat()], type="datetime").values == [instant]
    assert read([instant.isoformat()], type="datetime").values[0].tzinfo is UTC


@relaxed
@given(st.decimals(min_value="-999999999999.99", max_value="999999999999.99", places=2))
def test_money_survives_every_way_of_writing_it(amount):
    american, european = f"{amount:,.2f}", f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    accounting = f"(${-amount:,.2f})" if amount < 0 else f"${amount:,.2f}"
    assert read([str(amount), american, accounting, f"USD {american}"], type="money").values == [amount] * 4
    assert read([european, f"{european} €"], type="money", decimal=",").values == [amount] * 2
