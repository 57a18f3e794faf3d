"""What was asked for, as it arrives: through the gate, in the firm's words, by e-mail."""

from __future__ import annotations

import pytest
from helpers.doing import do_jobs

from gateway.clock import now
from outbound.notify import service
from outbound.notify.asking import Addressee
from outbound.notify.service import Wanted
from outbound.notify.templates import firm

NEWS = {"title": "Closed on Friday", "paragraphs": ["We are back on Monday."]}


@pytest.fixture
def by_day(at):
    """A Tuesday's noon in New York, so that nothing waits for the morning."""
    return at(now().replace(year=2026, month=12, day=1, hour=17, minute=0))


def test_a_notification_arrives_in_the_firms_words(admin, office, post_office, by_day):
    with admin() as acting:
        firm.change(acting, "announcement", "subject", "From {{ firm }}: {{ title }}")
        to = [Addressee(staff="paralegal@northgate.example")]
        made = service.send(acting, Wanted(to, "announcement", NEWS, channels=["email"]))
    do_jobs(office, ["notices"])
    with admin() as acting:
        assert service.look(acting, made.id).counts == {"email": {"sent": 1}}
        assert service.cancel(acting, made.id) == 0
    [message] = post_office.messages().values()
    assert message["Subject"] == "From Northgate Law: Closed on Friday"
    assert "We are back on Monday." in message.get_body(("plain",)).get_content()
    assert "<p>We are back on Monday.</p>" in message.get_body(("html",)).get_content()


def test_what_was_called_off_does_not_arrive(admin, office, post_office, by_day):
    with admin() as acting:
        to = [Addressee(staff="paralegal@northgate.example")]
        made = service.send(acting, Wanted(to, "announcement", NEWS, channels=["email"]))
        assert service.cancel(acting, made.id) == 1
    do_jobs(office, ["notices"])
    assert post_office.messages() == {}
