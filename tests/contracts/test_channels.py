"""Every channel keeps the same promises: whole, to whom it is for, failures by their class, no secret or address told."""

from datetime import timedelta

import pytest
from helpers.browser import Taker
from helpers.by_channel import WORDS, dispatch, envelope
from helpers.passing import passed
from helpers.post_office import PostOffice
from helpers.receiving import receiving
from helpers.servers import free_port
from helpers.texting import TOKEN, over, providing, refusal
from msgspec.structs import replace
from sqlalchemy import text

from gateway.office import Actor
from gateway.wings import office_of
from outbound.notify import inbox, subscribing
from outbound.notify.channels import CHANNELS
from outbound.notify.channels.base import Never, NotNow, Recipient, Taken, Unsent

NUMBERS = {"viewer": "+13125550100", "admin": "+13125550101"}
LOOPBACK = ("127.0.0.1/32",)


class OnSms:
    """Telephones, by a provider as Twilio is."""

    def __init__(self, office, tenants, stack):
        self.provider = stack(providing())
        self.office = office_of(office.db, over(office.settings, self.provider))
        self.secrets = [TOKEN, *NUMBERS.values()]
        with office.db.system() as session:
            for role, number in NUMBERS.items():
                numbered = text("UPDATE staff SET phone = :number WHERE role = :role")
                session.execute(numbered, {"number": number, "role": role})

    def arrived(self, role):
        return [one["Body"] for one in self.provider.texts.values() if one["To"] == NUMBERS[role]]

    def gone(self):
        return replace(self.office.settings, sms_url=f"http://127.0.0.1:{free_port()}")

    def misled(self):
        return replace(self.office.settings, sms_token="another-token")

    def busy(self, seconds):
        self.provider.answer = lambda: refusal(429, 20429, headers={"Retry-After": str(seconds)})

    def refuse(self):
        self.provider.refuses[NUMBERS["viewer"]] = 21211


class OnBell:
    """The bells of whoever is signed in; it stands and falls with the database."""

    gone = misled = busy = refuse = None

    def __init__(self, office, tenants, stack):
        self.office, self.secrets, self._tenants = office, [], tenants

    def arrived(self, role):
        actor = Actor("staff", f"{role}@northgate.example", self._tenants.staff[role])
        with self.office.acting(self._tenants.northgate, actor) as acting:
            return [one.text for one in inbox.listed(acting, after=0, limit=100).data]


class OnBrowsers:
    """A browser each, at a push service."""

    misled = None

    def __init__(self, office, tenants, stack):
        self.service = stack(receiving())
        base = self.service.url.removesuffix("/hooks")
        host = base.removeprefix("http://")
        self.office = office_of(office.db, replace(office.settings, allow_private=LOOPBACK, push_hosts=(host,)))
        self._takers = {role: Taker(f"{base}/push/{role}-capability") for role in NUMBERS}
        self.secrets = [f"{role}-capability" for role in NUMBERS]
        for role, taker in self._takers.items():
            actor = Actor("staff", f"{role}@northgate.example", tenants.staff[role])
            with self.office.acting(tenants.northgate, actor) as acting:
                subscribing.subscribe(acting, taker.subscription)

    def arrived(self, role):
        return [
            self._takers[role].opened(one)["body"]
            for one in self.service.taken
            if one.path.endswith(f"{role}-capability")
        ]

    def gone(self):
        self.service.server.shutdown()
        self.service.server.server_close()
        return self.office.settings

    def busy(self, seconds):
        self.service.answer = lambda _: (429, b"", {"Retry-After": str(seconds)})

    def refuse(self):
        self.service.answer = lambda one: 413 if "viewer" in one.path else 201


class OnChat:
    """A firm's chat, by its webhook."""

    misled = None

    def __init__(self, office, tenants, stack):
        self.hook = stack(receiving())
        self.office = office_of(office.db, replace(office.settings, allow_private=LOOPBACK))
        self._file = office.settings.secrets_dir / "northgate" / "SLACK_WEBHOOK"
        self._file.parent.mkdir(parents=True)
        self._file.write_text(f"{self.hook.url}/T0/B0/capability")
        self.hook.answer = lambda one: 200 if b'"text"' in one.body else (400, b"no_text", {})
        self.secrets = ["capability"]

    def arrived(self, role):
        import json

        texts = [json.loads(one.body)["text"] for one in self.hook.taken]
        mine = [one.removeprefix(f"For {role}: ") for one in texts if one.startswith(f"For {role}: ")]
        return [one.replace("\n<", " ").removesuffix(">") for one in mine]

    def gone(self):
        self._file.write_text(f"http://127.0.0.1:{free_port()}/T0/B0/capability")
        return self.office.settings

    def busy(self, seconds):
        self.hook.answer = lambda _: (429, b"", {"Retry-After": str(seconds)})

    def refuse(self):
        self.hook.answer = lambda one: 404 if b"For viewer" in one.body else 200


class OnEmail:
    """Mailboxes, behind a relay."""

    misled = busy = None

    def __init__(self, office, tenants, stack):
        self._post = PostOffice(login=None)
        stack(_closing(self._post))
        self.office = office_of(office.db, self._over(office.settings, self._post.port))
        self.secrets = []

    def _over(self, settings, port):
        return replace(settings, smtp_url=f"smtp+plain://127.0.0.1:{port}")

    def arrived(self, role):
        mine = [one for one in self._post.messages().values() if f"{role}@" in one["To"]]
        return [WORDS.short for one in mine if WORDS.text in str(one)]

    def gone(self):
        return self._over(self.office.settings, free_port())

    def refuse(self):
        self._post.answers["RCPT"] = "550 no such mailbox"


COUNTERPARTS = {"sms": OnSms, "in_app": OnBell, "web_push": OnBrowsers, "chat": OnChat, "email": OnEmail}


class _closing:  # noqa: N801 - reads like contextlib's
    def __init__(self, one):
        self._one = one

    def __enter__(self):
        return self._one

    def __exit__(self, *_):
        self._one.close()


@pytest.fixture(params=CHANNELS)
def name(request):
    return request.param


@pytest.fixture
def channel(name):
    return CHANNELS[name]


@pytest.fixture
def there(name, office, tenants):
    """The other side."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield COUNTERPARTS[name](office, tenants, stack.enter_context)


@pytest.fixture
def letter(there, name, channel, office, tenants):
    """A message to somebody of the staff, where the channel reaches them."""

    def letter(role="viewer", **more):
        who = Recipient(tenants.staff[role])
        with there.office.db.firm(tenants.northgate) as session:
            to = channel.addresses(there.office, session, [who])[who]
        return envelope(office, tenants.northgate, who, list(to), name, **more)

    return letter


def needs(there, ability):
    if getattr(there, ability) is None:
        pytest.skip(f"this channel cannot be {ability}")
    return getattr(there, ability)


def send(channel, office, *letters, words=WORDS):
    with channel.open(office) as line:
        return [line.send(passed(one.id), one, words) for one in letters]


def test_every_channel_is_here_under_its_name():
    assert set(CHANNELS) <= set(COUNTERPARTS)
    assert {name: one.name for name, one in CHANNELS.items()} == {name: name for name in CHANNELS}


def test_a_message_reaches_whom_it_is_for_and_nobody_else(channel, there, letter):
    [taken] = send(channel, there.office, letter())
    assert isinstance(taken, Taken)
    assert (bool(taken.ref), bool(taken.answer)) == (True, True)
    assert taken.fate in {"sent", "delivered"}
    assert (there.arrived("viewer"), there.arrived("admin")) == ([WORDS.short], [])


def test_several_follow_each_other_on_one_line(channel, there, letter):
    taken = send(channel, there.office, letter("viewer"), letter("admin"), letter("viewer"))
    assert len({one.ref for one in taken}) == 3
    assert (len(there.arrived("viewer")), len(there.arrived("admin"))) == (2, 1)


def test_nobody_of_another_firm_and_no_stranger_has_an_address(channel, there, tenants):
    viewer = Recipient(tenants.staff["viewer"])
    strangers = [Recipient(partner_id=tenants.acme, contact="nobody"), Recipient(client_id=tenants.acme)]
    with there.office.db.firm(tenants.northgate) as session:
        assert set(channel.addresses(there.office, session, [viewer, *strangers])) == {viewer}
        assert channel.addresses(there.office, session, []) == {}
    with there.office.db.firm(tenants.harbor) as session:
        assert channel.addresses(there.office, session, [viewer, *strangers]) == {}


def test_a_provider_that_is_gone_is_not_now(channel, there, letter):
    one = letter()
    office = office_of(there.office.db, needs(there, "gone")())
    with pytest.raises(NotNow) as failed:
        send(channel, office, one)
    assert failed.value.sentence.endswith((".", "?", ")"))
    with pytest.raises(Unsent):
        channel.ping(office)


def test_a_login_that_is_refused_is_not_now_and_shows_no_secret(channel, there, letter):
    one = letter()
    office = office_of(there.office.db, needs(there, "misled")())
    for act in (lambda: send(channel, office, one), lambda: channel.ping(office)):
        with pytest.raises(NotNow) as failed:
            act()
        assert "another-token" not in failed.value.sentence
    assert there.arrived("viewer") == []


def test_a_provider_that_asks_to_come_later_says_when(channel, there, letter):
    needs(there, "busy")(90)
    with pytest.raises(NotNow) as failed:
        send(channel, there.office, letter())
    assert (failed.value.wait, failed.value.is_doubtful) == (timedelta(seconds=90), False)
    assert there.arrived("viewer") == []


def test_one_that_is_refused_is_never_and_the_next_one_goes_on(channel, there, letter):
    needs(there, "refuse")()
    with channel.open(there.office) as line:
        one = letter("viewer")
        with pytest.raises(Never):
            line.send(passed(one.id), one, WORDS)
        if channel.name != "email":  # its relay refuses all
            other = letter("admin")
            line.send(passed(other.id), other, WORDS)
            assert there.arrived("admin") == [WORDS.short]
    assert there.arrived("viewer") == []


def test_a_channel_knows_no_more_of_a_message_than_it_can(channel, there, letter, tenants):
    sent = letter()
    [taken] = send(channel, there.office, sent)
    assert channel.ask(there.office, taken.ref, sent) in {None, "sent", "delivered"}
    never = sent._replace(id=dispatch(there.office, tenants.northgate, channel.name, sent.recipient, state="unknown"))
    assert channel.ask(there.office, None, never) in {None, "absent"}


def test_no_secret_and_no_address_is_told_or_logged(channel, there, letter, caplog, capfd):
    caplog.set_level("DEBUG")
    caplog.set_level("CRITICAL", "mail.log")  # the other side's own
    told = [one.answer for one in send(channel, there.office, letter())]
    told += channel.ping(there.office)
    if there.busy:
        there.busy(1)
        with pytest.raises(NotNow) as failed:
            send(channel, there.office, letter())
        told.append(failed.value.sentence)
    everything = "".join([*told, caplog.text, *capfd.readouterr()])
    for secret in [*there.secrets, WORDS.text]:
        assert secret not in everything


def test_a_ping_says_what_works_and_leaves_nothing(channel, there):
    steps = channel.ping(there.office)
    assert steps
    assert all(step.endswith(".") for step in steps)
    assert (there.arrived("viewer"), there.arrived("admin")) == ([], [])


def test_limits_are_the_settings(channel, there):
    settings = replace(there.office.settings, sms_a_second=7, sms_a_day=9, push_a_second=7, chat_a_second=7)
    limits = channel.limits(office_of(there.office.db, settings))
    assert limits.a_second in {7, None} or channel.name == "email"
    assert limits.a_day == (9 if channel.name == "sms" else limits.a_day)


def test_a_member_of_staff_who_left_has_no_address(channel, there, tenants):
    if channel.name == "email":
        pytest.skip("the gate looks whether somebody is there")
    who = Recipient(tenants.staff["viewer"])
    with there.office.db.firm(tenants.northgate) as session:
        session.execute(text("UPDATE staff SET active = false WHERE id = :id"), {"id": who.staff_id})
        assert channel.addresses(there.office, session, [who]) == {}
