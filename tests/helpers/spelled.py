"""Workbooks that are text out of rows: XML Spreadsheet 2003, and HTML tables."""

from __future__ import annotations

import datetime as dt
from html import escape

SHEET = "urn:schemas-microsoft-com:office:spreadsheet"
PROLOGUE = '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
NAMES = f'xmlns="{SHEET}" xmlns:ss="{SHEET}" xmlns:x="urn:schemas-microsoft-com:office:excel"'


def xml_workbook(*worksheets, styles="", more=""):
    """Bytes of XML Spreadsheet 2003 around worksheets as XML."""
    return f"{PROLOGUE}<Workbook {NAMES}>{more}<Styles>{styles}</Styles>{''.join(worksheets)}</Workbook>".encode()


def worksheet(*rows, name="S", columns="", more=""):
    """A worksheet around rows as XML."""
    return f'<Worksheet ss:Name="{name}"><Table>{columns}{"".join(rows)}</Table>{more}</Worksheet>'


def xml_row(*cells, more=""):
    """A row; a cell is a value, or XML."""
    return f"<Row {more}>{''.join(map(xml_cell, cells))}</Row>"


def xml_cell(value, more=""):
    """A cell as Excel writes it; a value may be (value, style)."""
    value, style = value if isinstance(value, tuple) else (value, "")
    if isinstance(value, str) and value.startswith("<Cell"):
        return value
    kind, text = _typed(value)
    style = f' ss:StyleID="{style}"' if style else ""
    data = f'<Data ss:Type="{kind}">{escape(text)}</Data>' if kind else ""
    return f"<Cell{style} {more}>{data}</Cell>"


def style(name, code, more=""):
    """A style with a number format."""
    return f'<Style ss:ID="{name}" {more}><NumberFormat ss:Format="{escape(code)}"/></Style>'


def spreadsheetml(sheets):
    """XML Spreadsheet 2003 of {name: rows}; a value may be (value, number format)."""
    codes = {one[1] for rows in sheets.values() for row in rows for one in row if isinstance(one, tuple)}
    named = {code: f"s{number}" for number, code in enumerate(sorted(codes))}
    styles = "".join(style(name, code) for code, name in named.items())
    return xml_workbook(
        *(
            worksheet(
                *(
                    xml_row(*((one[0], named[one[1]]) if isinstance(one, tuple) else one for one in row))
                    for row in rows
                ),
                name=escape(name),
            )
            for name, rows in sheets.items()
        ),
        styles=styles,
    )


def html(*tables, head="", encoding="utf-8"):
    """A page around tables: HTML, or rows of what cells show."""
    shown = "".join(one if isinstance(one, str) else html_table(one) for one in tables)
    return f"<html><head>{head}</head><body>{shown}</body></html>".encode(encoding)


def html_table(rows):
    """A table of what cells show."""
    return f"<table>{''.join(map(_html_row, rows))}</table>"


def _html_row(row):
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n"


def _typed(value):
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return "Boolean", str(int(value))
    if isinstance(value, int | float):
        return "Number", repr(value)
    if isinstance(value, dt.date):
        return "DateTime", dt.datetime.combine(value, dt.time()).isoformat() + ".000"
    return ("Error" if value.startswith("#") and value.isupper() else "String"), value
