"""The same xlsx under the names of the Strict class, or with its parts at other places."""

from __future__ import annotations

import io
import zipfile

STRICT = {
    "http://schemas.openxmlformats.org/officeDocument/2006/": "http://purl.oclc.org/ooxml/officeDocument/",
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/drawingml/2006/": "http://purl.oclc.org/ooxml/drawingml/",
}


def repacked(content, changed):
    """A zip whose entries became others: (name, text) -> (name, text)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(*changed(name, before.read(name).decode()))
    return out.getvalue()


def strict(content):
    """As Excel saves "Strict Open XML Spreadsheet"."""

    def changed(name, text):
        for transitional, other in STRICT.items():
            text = text.replace(transitional, other)
        return name, text

    return repacked(content, changed)


def moved(content, folder="", book="workbook.xml"):
    """With everything in another folder, by default the root, and the workbook under another name."""

    def changed(name, text):
        text = text.replace("/xl/workbook.xml", f"/{folder}{book}").replace('"xl/workbook.xml', f'"{folder}{book}')
        name = name.replace("workbook.xml", book)
        return name.replace("xl/", folder, 1), text.replace('"/xl/', f'"/{folder}').replace('"xl/', f'"{folder}')

    return repacked(content, changed)
