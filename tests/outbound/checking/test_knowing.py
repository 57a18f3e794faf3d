"""What says who a person is: read from all that the records and partners tell of them, and of nobody else."""

import pytest

from gateway.db.models import Case, Client, Document
from outbound.checking.knowing import known_of


@pytest.fixture
def known(northgate):
    """What is known of somebody with these columns, with a case and a paper of those."""

    def known(case=None, paper=None, **columns):
        whom = northgate.person(shown={}, **columns)
        with northgate.acting() as acting:
            whose = {"firm_id": northgate.firm_id, "client_id": whom}
            if case is not None:
                partner = acting.session.get(Client, (northgate.firm_id, whom)).partner_id
                acting.session.add(Case(**whose, partner_id=partner, case_type="H1B_NEW", status="open", **case))
            if paper is not None:
                [number] = acting.cipher.encrypt_column([paper.pop("number", None)], "number")
                acting.session.add(Document(**whose, doc_type="passport", status="current", number=number, **paper))
            acting.session.flush()
            return known_of(acting, whom)

    return known


def test_fields_beyond_ours_name_somebody_by_what_they_are_called(known):
    found = known(
        attributes={"spouse": "Ifeoma Obi", "Team_Manager": "Jo Halloran", "department": "Gears"},
        case={"case_number": "C-1", "attributes": {"contact_person": "Ada Byron"}},
        paper={"attributes": {"father": "Emeka Obi"}},
    )
    assert {"Ngozi", "Okafor", "Ifeoma Obi", "Jo Halloran", "Ada Byron", "Emeka Obi"} == set(found.names)


def test_fields_beyond_ours_number_somebody_by_what_they_are_called(known):
    found = known(
        attributes={"passport_copy": "X998877", "home_address": "12 Blaustein Row", "department": "Gears"},
        case={"case_number": "C-1", "attributes": {"Account": "ACC-5566"}},
        paper={"number": "P7788990", "attributes": {"visa_foil": "F-443322"}},
    )
    numbers = {"X998877", "12 Blaustein Row", "ACC-5566", "F-443322", "P7788990", "C-1"}
    assert numbers <= set(found.numbers)
    assert "Gears" not in found.numbers


def test_only_texts_say_who_somebody_is_and_blank_ones_say_nothing(known):
    odd = {"contact": {"who": "nobody"}, "parent": 7, "child": None, "manager": "  ", "name": ["a", "b"]}
    found = known(attributes=odd, middle_name="", employer_name=" ")
    assert set(found.names) == {"Ngozi", "Okafor"}
    assert " " not in found.employers


def test_a_paper_without_a_number_has_none(known):
    assert "None" not in known(paper={}).numbers


def test_of_another_person_nothing_is_known(known, northgate):
    known(case={"case_number": "C-1"}, paper={"number": "P7788990"})
    found = known()
    assert not {"C-1", "P7788990"} & set(found.numbers)
