"""A firm's own texts: versions, going back, giving up, trying out, and that other firms have theirs."""

from __future__ import annotations

import pytest
from helpers.inbox import people
from sqlalchemy import select

from gateway.db.models import AuditEntry, MessageText
from gateway.errors import Missing
from gateway.office import Actor
from outbound.notify.templates import firm, trying
from outbound.notify.templates.catalogue import TEMPLATES, house
from outbound.notify.templates.forms import FORMS, WrongTemplate

OWN = "{{ paper.initials }}: {{ paper.what }} {{ paper.days_left | left }}"


def given(admin, source, form="subject"):
    with admin() as acting:
        return firm.change(acting, "expiry", form, source)


def test_a_text_of_the_firms_own_is_in_force_at_once(admin):
    assert given(admin, OWN).version == 1
    with admin() as acting:
        assert firm.show(acting, "expiry", "subject").source == OWN
        texts = firm.texts_of(acting.session, acting.firm_id, "expiry")
        assert texts["subject"].fill(TEMPLATES["expiry"].samples[1]) == "A. S.: I-94 in 30 days"
        assert texts["text"] is house("expiry", "text")


def test_the_same_text_again_is_no_version(admin):
    given(admin, OWN)
    assert given(admin, OWN).version == 1


def test_versions_stay_and_one_can_be_gone_back_to(admin):
    given(admin, OWN)
    given(admin, OWN + "!")
    with admin() as acting:
        assert firm.back(acting, "expiry", "subject", 1).version == 3
        assert [one.source for one in firm.versions(acting, "expiry", "subject")] == [OWN, OWN + "!", OWN]


def test_the_houses_text_can_be_taken_again_and_left_again(admin):
    given(admin, OWN)
    with admin() as acting:
        assert firm.reset(acting, "expiry", "subject").source == TEMPLATES["expiry"].source("subject")
        assert firm.reset(acting, "expiry", "subject").version == 2
        assert firm.back(acting, "expiry", "subject", 2).own is False
        assert firm.back(acting, "expiry", "subject", 1).own is True
        assert [one.source is None for one in firm.versions(acting, "expiry", "subject")] == [False, True, False]


def test_a_wrong_text_leaves_the_one_in_force(admin):
    given(admin, OWN)
    with pytest.raises(WrongTemplate, match='Did you mean "initials"'):
        given(admin, "{{ paper.intials }}")
    with admin() as acting:
        assert firm.show(acting, "expiry", "subject").source == OWN


def test_a_text_that_is_no_longer_right_gives_way_to_the_houses(admin, tenants):
    """As after a release in which a value was taken away."""
    with admin() as acting:
        acting.session.add(
            MessageText(
                firm_id=tenants.northgate, name="expiry", form="subject", version=1, source="{{ gone }}", created_by="x"
            )
        )
        acting.session.flush()
        texts = firm.texts_of(acting.session, acting.firm_id, "expiry")
        assert texts["subject"] is house("expiry", "subject")


def test_every_text_is_listed_with_whose_it_is(admin):
    given(admin, OWN)
    with admin() as acting:
        found = firm.listed(acting)
    assert len(found) == len(TEMPLATES) * len(FORMS)
    assert [(one.name, one.form) for one in found if one.own] == [("expiry", "subject")]


def test_another_firm_has_its_own(admin, office, tenants):
    given(admin, OWN)
    with office.acting(tenants.harbor, Actor("system", "test")) as acting:
        assert firm.show(acting, "expiry", "subject").own is False
        assert firm.versions(acting, "expiry", "subject") == []
    with office.db.system() as session:
        assert firm.texts_of(session, tenants.harbor, "expiry")["subject"] is house("expiry", "subject")
        assert firm.texts_of(session, tenants.northgate, "expiry")["subject"] is not house("expiry", "subject")


@pytest.mark.parametrize(("name", "form"), [("expriy", "subject"), ("expiry", "subjct")])
def test_what_there_is_not_is_missing(admin, name, form):
    with admin() as acting, pytest.raises(Missing):
        firm.show(acting, name, form)
    with admin() as acting, pytest.raises(Missing):
        firm.versions(acting, name, form)


def test_a_version_that_there_is_not_is_missing(admin):
    with admin() as acting, pytest.raises(Missing, match="no version 7"):
        firm.back(acting, "expiry", "subject", 7)


def test_each_change_is_on_record_and_nothing_else(admin):
    given(admin, OWN)
    given(admin, OWN)
    with admin() as acting:
        firm.reset(acting, "expiry", "subject")
        firm.reset(acting, "expiry", "subject")
        found = acting.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        assert [(one.action, one.changes[0]["id"]) for one in found] == [
            ("template.set", "expiry"),
            ("template.reset", "expiry"),
        ]


def test_a_text_is_tried_out_on_samples_and_kept_nowhere(admin):
    with admin() as acting:
        assert trying.preview(acting, "expiry", "subject", source=OWN) == [
            "A. S.: passport 3 days ago",
            "A. S.: I-94 in 30 days",
        ]
        assert firm.show(acting, "expiry", "subject").own is False


def test_a_wrong_text_is_refused_where_it_is_tried_out(admin):
    with admin() as acting, pytest.raises(WrongTemplate):
        trying.preview(acting, "expiry", "subject", source="{{ x }}")


@pytest.mark.parametrize("form", FORMS)
def test_the_text_in_force_is_shown_as_it_leaves(admin, form):
    with admin() as acting:
        [full, bare] = trying.preview(acting, "expiry", form)
    assert ("/l/a/preview" in full) == (form != "subject")
    assert full != bare


def test_a_dispatch_that_is_not_there_cannot_be_tried_on(admin, inbox):
    inbox.drop("roster_20260301.csv", people(1))
    with admin() as acting, pytest.raises(Missing):
        trying.preview(acting, "expiry", "subject", dispatch_id=acting.firm_id)
