"""Every problem that a partner can be shown: its code, what was wrong, and how to fix it.

Sentences name the column and the value; a sensitive value is masked before it gets here (`mask`). Templates take the
details that whoever found the problem passes along; a missing detail is a programming error and fails loudly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The two sentences of one code."""

    message: str
    fix: str


ROW_CODES: dict[str, Entry] = {
    "missing_value": Entry("{column} is empty, but it is required.", "Fill in {column}."),
    "bad_date": Entry(
        "{column}: {value} is not a date in the agreed form {expected}.", "Write the date as {expected}."
    ),
    "bad_number": Entry("{column}: {value} is not a number.", "Write digits only, with {expected}."),
    "bad_boolean": Entry("{column}: {value} is neither yes nor no.", "Write one of {expected}."),
    "bad_email": Entry("{column}: {value} is not an e-mail address.", "Write an address such as name@company.com."),
    "bad_phone": Entry(
        "{column}: {value} is not a phone number.", "Write it with its country code, such as +1 312 555 0100."
    ),
    "bad_country": Entry(
        "{column}: {value} is not a country that we know.",
        "Write the ISO 3166 code or the English name of the country.",
    ),
    "bad_code": Entry(
        "{column}: {value} is not one of the agreed codes.", "Use one of {expected}, or agree on the new code with us."
    ),
    "bad_identifier": Entry("{column}: {value} is not a valid {expected}.", "Check it against the document itself."),
    "pattern_mismatch": Entry(
        "{column}: {value} does not have the agreed form {expected}.", "Write it in the form {expected}."
    ),
    "not_in_list": Entry("{column}: {value} is not one of {expected}.", "Use one of {expected}."),
    "out_of_range": Entry(
        "{column}: {value} is outside the agreed range ({expected}).", "Check the value; of a number, its unit too."
    ),
    "too_long": Entry("{column}: the text has {expected}.", "Shorten it, or look for a quote that was not closed."),
    "too_short": Entry("{column}: the text has {expected}.", "Write it in full."),
    "ragged_row": Entry(
        "The row has {found} cells, where {expected} are due.",
        "Look for a missing or an unquoted delimiter, or for a line break in a cell, which the row beside it shares.",
    ),
    "unknown_record": Entry(
        "The line is of the unknown record type “{found}”; agreed are {expected}.",
        "Use one of the agreed record types, or agree on the new one with us.",
    ),
    "bad_json": Entry(
        "The record is no readable JSON: {found}.", "Repair the record, or have your system write it again."
    ),
    "bad_quotes": Entry(
        "A quote in this row is never closed or never opened, or stands inside quoted text without being doubled.",
        "Put the whole cell in quotes, and write those inside it twice.",
    ),
    "stray_quote": Entry(
        "{column}: {value} holds a quote but does not stand in quotes; it was taken as it is.",
        "If the quote is meant, put the whole cell in quotes and write the quote twice; else take it out.",
    ),
    "undecodable": Entry(
        "{column}: there are bytes that are not {expected} text.", "Save the file as {expected}, or retype this cell."
    ),
    "duplicate_key": Entry(
        "Row {by_row} of the same file gives every value of this row again ({expected}); that row counts.",
        "Keep the row that is right, and remove the other.",
    ),
    "not_unique": Entry(
        "{column}: {value} stands in row {by_row} as well, but must be unique.", "Correct one of the two rows."
    ),
    "date_order": Entry("{column}: {value} lies before {expected}.", "Check both dates; they may be swapped."),
    "required_when": Entry("{column} is empty, but it is required when {expected}.", "Fill in {column}."),
    "formula_error": Entry(
        "{column}: the cell holds the spreadsheet error {value}.", "Repair the formula and save the workbook again."
    ),
    "lost_zeros": Entry(
        "{column}: {value} is shorter than agreed; leading zeros may have been lost.",
        "Format the column as text before saving.",
    ),
    "lost_digits": Entry(
        "{column}: {value} is what a spreadsheet makes of a number or of text that looks like one; "
        "digits may have been lost.",
        "Format the column as text and export again.",
    ),
    "no_match": Entry(
        "{column}: {value} is not in the table {expected}, from which we take what the row does not say.",
        "Check the spelling; if it is new, tell us what belongs to it.",
    ),
    "pinned_field": Entry(
        "{column}: our staff corrected this value by hand, so {value} was not taken.",
        "Correct it in your system too, or tell us that yours is right.",
    ),
    "other_source": Entry(
        "{column}: another of your feeds has the last word here and says something else, so {value} was not taken.",
        "Bring your two systems to the same value, or tell us which of them is right.",
    ),
    "row_stale": Entry(
        "A newer file of yours speaks of this {expected} already, so this row changes nothing.",
        "Nothing, if the newer file is right; else send what is right with your next file.",
    ),
    "erased_person": Entry(
        "The row is about a person whom we were asked to erase, so it was left out.",
        "Leave the person out of your files, or tell us that the record is wanted again.",
    ),
    "likely_renumbered": Entry(
        "{column}: {value} is new, but the name and the birth date are those of {known}, whom this file does not list.",
        "If the person only has a new number, tell us so, for the file creates the person anew; else nothing.",
    ),
    "key_unreadable": Entry(
        "The row does not say readably whom it is about, so no record was closed for being missing from this file.",
        "Correct this row and any other that names nobody, and send the full file again.",
    ),
    "cell_changed": Entry(
        "{column} came back as another value, though nothing was wrong with it; the new value counts.",
        "If a spreadsheet did that, send the row again with the value that you first sent.",
    ),
    "key_part_blank": Entry(
        "{column} is empty, but it is a part of {expected}, by which the record is known; so the row brings none.",
        "Fill in {column}.",
    ),
    "unknown_row": Entry(
        "{value} does not name a row of an earlier import of yours.", "Leave the column Row as we sent it."
    ),
}

FILE_CODES: dict[str, Entry] = {
    "empty_file": Entry("The file {file} holds no rows.", "Check the export, and send the file again."),
    "header_missing": Entry("{missing} missing.{guesses}", "Restore what is missing, or tell us its new name.{unused}"),
    "column_missing": Entry("The column {missing} is missing.", "Restore the column: the file is read by it."),
    "header_foreign": Entry(
        "None of the agreed columns stands in row {row} of {file}.",
        "Check that this is the right file in the agreed format.",
    ),
    "header_alike": Entry(
        "The columns {found} are both so much like the agreed {expected} that it cannot be told which one is meant.",
        "Rename the other column, or tell us which of them it is.",
    ),
    "header_misfit": Entry(
        "Header and rows of {file} do not agree: the header has {expected} columns, the rows have {found} cells.",
        "Have the header name every column, and text that holds the delimiter stand in quotes; then send it again.",
    ),
    "other_delimiter": Entry(
        "The columns of {file} are agreed to stand between {expected}, but it looks like {found}.",
        "Export it with {expected} again, or tell us that it will have {found} from now on.",
    ),
    "header_ambiguous": Entry(
        "The column {missing} stands in the header more than once.", "Give each column a name of its own."
    ),
    "unreadable": Entry("The file {file} cannot be read: {why}.", "Export it again as {expected}, and send it again."),
    "password_protected": Entry(
        "The file {file} is protected by a password.", "Save it without a password, and send it again."
    ),
    "pgp_wrong_key": Entry("The file {file} cannot be opened: {why}", "Encrypt it with our key, and send it again."),
    "pgp_unsigned": Entry("The file {file} is not taken: {why}", "Sign it as agreed, and send it again."),
    "pgp_wrong_signer": Entry(
        "The file {file} is not taken: {why}", "Sign it with the key that was agreed, or send us the new one first."
    ),
    "pgp_compressed": Entry(
        "The file {file} is not taken: {why}", "Encrypt it without compression, and send it again."
    ),
    "pgp_damaged": Entry("The file {file} cannot be opened: {why}", "Encrypt it again, and send it again."),
    "too_large": Entry("The file {file} is too large: {why}.", "Split it, or ask us for a higher limit."),
    "control_total": Entry(
        "The trailer says {expected}, but the file holds {found}.{left_out}",
        "Export the file again; rows may be missing.",
    ),
    "unknown_feed": Entry(
        "No feed of this partner takes files named {file}.", "Use one of the agreed names: {expected}."
    ),
    "infected": Entry("The file {file} holds malware ({why}).", "Clean the system that wrote it, and send a new file."),
    "sequence_gap": Entry(
        "The file's number is {found}; {expected} was due.",
        "Send the file that is due, or tell us that this number is right.",
    ),
    "rows_rejected": Entry(
        "{rejected} of {read} rows were rejected; the others count.",
        "Correct the rows in errors.csv and send that file back; only they are read again.",
    ),
    "vanish_guard": Entry(
        "{missing} of {open} open records ({percent} %) are missing from this full file.",
        "Check whether the export was complete; we load it once somebody here confirms that they are really gone.",
    ),
    "reject_guard": Entry(
        "{rejected} of {read} rows ({percent} %) were rejected, above the agreed {limit} %.",
        "Correct the rows in errors.csv; the export itself may have changed.",
    ),
    "shrink_guard": Entry(
        "The file holds {read} rows; the last accepted one held {before}.", "Check whether the export was complete."
    ),
    "future_guard": Entry(
        "The file speaks of {day}, which was {days} days ahead when it arrived.",
        "If that is a mistake, send it again under the right date; else we load it once somebody here confirms it.",
    ),
    "turned_dates": Entry(
        "{column}: of its different dates, the {real:,} real ones all have days up to 12, and the {texts:,} in text "
        "days above 12: a spreadsheet may have read the others with day and month swapped.",
        "Export the column as text, or all of it as real dates; if all dates are right, we load it once somebody here "
        "confirms it.",
    ),
    "wrong_encoding": Entry(
        "The file was to be {agreed} text, but {utf8:,} of its {high:,} characters beyond ASCII are UTF-8.",
        "Save it as {agreed} and send it again, or tell us that your files are UTF-8 from now on.",
    ),
    "config_invalid": Entry(
        "Our settings for this feed are not valid: {why}.", "Nothing for you to do; we have been told."
    ),
    "mixed_corrections": Entry(
        "The corrections belong to more than one import or sheet.",
        "Send the rows of each errors.csv as a file of its own.",
    ),
    "original_gone": Entry(
        "The rows of {day} that these corrections belong to are no longer kept.", "Send the rows in an ordinary file."
    ),
    "unknown_encoding": Entry(
        "The letters of {file} cannot be told: it is neither Unicode nor in an encoding that its rows give away.",
        "Save it as “CSV UTF-8”, as “Unicode text” or as a workbook, and send it again.",
    ),
    "unknown_import": Entry(
        "The column Row names no import of yours.", "Leave the column Row of errors.csv as we sent it."
    ),
}


@dataclass(slots=True)
class RowProblem:
    """One problem of one row, ready to be told.

    Attributes:
        row: counted through all sheets of the file; `numbering` tells the row of its sheet.
        line, sheet: where it stands in the partner's file.
        column: the partner's own name of the column, or None for the whole row.
        value: what stood there, masked where sensitive, shortened to 200 characters.
        severity: an `error` rejects the row, a `warning` does not.
    """

    row: int
    line: int
    code: str
    column: str | None = None
    value: str | None = None
    sheet: str | None = None
    severity: Severity = "error"
    details: dict[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What was wrong, as a sentence."""
        return _fill(ROW_CODES[self.code].message, self)

    @property
    def fix(self) -> str:
        """What to do, as a sentence."""
        return _fill(ROW_CODES[self.code].fix, self)


_CUT = re.compile(r"… \([\d,]+ characters\)$")


def _fill(template: str, problem: RowProblem) -> str:
    return template.format(column=problem.column or "The row", value=_quoted(problem.value), **problem.details)


def _quoted(value: str | None) -> str:
    return "the value" if value is None else f"“{value}”"


def describe_file(code: str, **details: object) -> tuple[str, str]:
    """The message and the fix of a file-level code.

    Raises:
        KeyError: unknown code, or a detail that its sentences need was not given.
    """
    entry = FILE_CODES[code]
    return entry.message.format(**details), entry.fix.format(**details)


def shorten(text: str, most: int = 200) -> str:
    """Text short enough to be read in a table; says how much was left out."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1]}… ({len(text):,} characters)"


def is_whole(told: str) -> bool:
    """Whether a value is told as it stands in the file: neither masked nor shortened."""
    return "•" not in told and _CUT.search(told) is None


def mask(text: str) -> str:
    """A sensitive value down to its last four characters, and never more than half of it."""
    shown = min(4, len(text) // 2)
    return "•" * (len(text) - shown) + (text[-shown:] if shown else "")
