"""The picture and the table of a month under each rule, in docs/assignment.md, are those that the engine makes today."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def month():
    sys.path.insert(0, str(ROOT / "bench"))
    import month

    yield month
    sys.path.remove(str(ROOT / "bench"))


def test_the_docs_show_what_the_rules_do_today(month):
    told = month.lived(month.SEED)
    again = ": `.venv/bin/python bench/month.py` makes them again"
    assert month.table(told) in month.PAGE.read_text(encoding="utf-8"), f"the table is old{again}"
    assert month.picture(told) == month.PICTURE.read_text(encoding="utf-8"), f"the picture is old{again}"
    assert len(told) == 6
    assert all(one.figures.cases == 250 and one.figures.given + one.figures.waiting == 250 for one in told)
    assert all(0 <= load <= 1 for one in told for loads in one.lived.loads for load in loads)


def test_the_picture_is_well_formed_and_has_words_for_who_cannot_see_it(month):
    root = ET.fromstring(month.PICTURE.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert "Jain's index" in root.get("aria-label")
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert {one.name for one in month.LAWYERS} | {"round_robin", "workload_based", "expertise_first"} <= set(texts)
