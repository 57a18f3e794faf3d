from sqlalchemy import ARRAY, Text, any_, bindparam, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from gateway.db.asking import Question, ask
from gateway.db.models import Partner

NAMED = select(Partner.slug, Partner.name).where(Partner.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
LISTED = select(Partner.slug).where(Partner.slug.in_(("acme", "globex", "100%"))).order_by(Partner.slug)
VALUED = select(literal({"a": 1, "%": "%s"}, JSONB).label("value"))


def test_each_question_has_its_own_answer_in_the_order_in_which_they_were_asked(db, tenants):
    with db.firm(tenants.northgate) as session:
        for _ in range(8):  # from the sixth on the server has the statements prepared
            listed, valued, named = ask(
                session, Question(LISTED), Question(VALUED), Question(NAMED, {"slugs": ["acme"]})
            )
            assert [row.slug for row in listed] == ["acme", "globex"]
            assert [row.value for row in valued] == [{"a": 1, "%": "%s"}]
            assert [row.slug for row in named] == ["acme"]


def test_another_value_has_another_answer(db, tenants):
    with db.firm(tenants.northgate) as session:
        [both], [one], [none] = (
            ask(session, Question(NAMED, {"slugs": slugs})) for slugs in (["acme", "globex"], ["globex"], [])
        )
    assert (len(both), [row.slug for row in one], none) == (2, ["globex"], [])


def test_what_the_session_has_not_written_yet_is_found(db, tenants):
    with db.firm(tenants.northgate) as session:
        session.add(Partner(firm_id=tenants.northgate, slug="new", name="New", time_zone="UTC"))
        [[found]] = ask(session, Question(NAMED, {"slugs": ["new"]}))
    assert found.name == "New"


def test_nothing_of_another_firm_is_found(db, tenants):
    with db.firm(tenants.harbor) as session:
        [found] = ask(session, Question(LISTED))
    assert "acme" not in [row.slug for row in found]
