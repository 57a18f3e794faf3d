"""Browsers of staff that take pushes: subscribed over the API, sealed for them alone, signed as from us, forgotten."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from helpers.browser import Taker
from helpers.by_channel import WORDS, envelope
from helpers.passing import passed
from helpers.receiving import receiving
from helpers.servers import until
from msgspec.structs import replace
from py_vapid import Vapid02
from sqlalchemy import text

from gateway.office import Actor
from gateway.wings import office_of
from outbound.notify import pushing, subscribing
from outbound.notify.channels.base import Never, NotNow, Recipient
from outbound.notify.channels.web_push import WEB_PUSH
from outbound.notify.pushing import Browser


@pytest.fixture
def service():
    with receiving() as one:
        yield one


@pytest.fixture
def base(service):
    return service.url.removesuffix("/hooks")


@pytest.fixture
def settings(settings, base):
    return replace(
        settings,
        allow_private=("127.0.0.1/32",),
        push_hosts=(base.removeprefix("http://"), "*.push.example"),
        push_contact="mailto:it@northgate.example",
    )


@pytest.fixture
def taker(base):
    return Taker(f"{base}/push/capability")


@pytest.fixture
def subscribed(http, as_staff, taker):
    answer = http.post("/v1/push-subscriptions", json=taker.asked, headers=as_staff("viewer"))
    assert answer.status_code == 201, answer.text
    return answer.json()


def push(office, tenants, words=WORDS, role="viewer", **more):
    who = Recipient(tenants.staff[role])
    with office.db.firm(tenants.northgate) as session:
        to = WEB_PUSH.addresses(office, session, [who]).get(who, [])
    one = envelope(office, tenants.northgate, who, list(to), "web_push", **more)
    with WEB_PUSH.open(office) as line:
        return one, line.send(passed(one.id), one, words)


def listed(http, headers):
    return [one["id"] for one in http.get("/v1/push-subscriptions", headers=headers).json()]


# ---------------------------------------------------------------- on the wire


def test_the_browser_alone_opens_a_push(office, tenants, service, taker, subscribed):
    one, _ = push(office, tenants)
    [came] = service.taken
    assert taker.opened(came) == {
        "title": WORDS.subject,
        "body": WORDS.short,
        "url": WORDS.link,
        "tag": str(one.id),
    }
    assert b"passport" not in came.body
    with pytest.raises(Exception, match="Decryption error"):
        Taker(taker.endpoint).opened(came)


def test_the_push_service_knows_whose_push_it_is(office, tenants, service, base, http, as_staff, subscribed):
    push(office, tenants)
    [came] = service.taken
    assert Vapid02.verify(came.headers["authorization"])
    told = http.get("/v1/push-key", headers=as_staff("viewer")).json()["public_key"]
    assert came.headers["authorization"].endswith(f",k={told}")
    token = came.headers["authorization"].removeprefix("vapid t=").partition(",")[0]
    claims = json.loads(pushing.decoded(token.split(".")[1]))
    assert (claims["aud"], claims["sub"]) == (base, "mailto:it@northgate.example")


@pytest.mark.parametrize(
    ("priority", "urgency", "ttl"),
    [
        ("critical", "high", "259200"),
        ("urgent", "high", "259200"),
        ("normal", "normal", "86400"),
        ("low", "low", "43200"),
    ],
)
def test_priority_is_urgency_and_how_long_it_is_kept(office, tenants, service, subscribed, priority, urgency, ttl):
    push(office, tenants, priority=priority)
    headers = service.taken[0].headers
    assert (headers["urgency"], headers["ttl"], headers["content-encoding"]) == (urgency, ttl, "aes128gcm")


def test_the_same_message_again_takes_the_place_of_the_first(office, tenants, service, subscribed):
    one, _ = push(office, tenants)
    with WEB_PUSH.open(office) as line:
        line.send(passed(one.id), one, WORDS)
    assert len({came.headers["topic"] for came in service.taken}) == 1
    assert len(service.taken[0].headers["topic"]) <= 32


def test_a_push_never_holds_the_whole_text_and_fits(office, tenants, service, taker, subscribed):
    push(office, tenants, replace(WORDS, short="é" * 5_000))
    [came] = service.taken
    assert len(came.body) <= 4_096
    assert WORDS.text not in json.dumps(taker.opened(came))


def test_the_key_is_the_same_in_all_processes_and_may_be_set(settings):
    assert pushing.public_key(settings) == pushing.public_key(replace(settings))
    vapid = Vapid02()
    vapid.generate_keys()
    raw = vapid.private_key.private_numbers().private_value.to_bytes(32)
    point = Vapid02.from_raw(pushing.encoded(raw).encode()).public_key
    assert pushing.point_of(pushing.public_key(replace(settings, push_key=raw))) == point


# ---------------------------------------------------------------- forgotten


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_no_more_is_forgotten(office, tenants, service, subscribed, http, as_staff, status):
    service.answer = lambda _: status
    with pytest.raises(Never) as gone:
        push(office, tenants)
    assert gone.value.code == "push_gone"
    assert listed(http, as_staff("viewer")) == []


def test_one_browser_that_takes_it_is_enough(office, tenants, service, base, subscribed, http, as_staff):
    for path in ("gone", "busy"):
        http.post("/v1/push-subscriptions", json=Taker(f"{base}/push/{path}").asked, headers=as_staff("viewer"))
    service.answer = lambda one: {"gone": 410, "busy": 503}.get(one.path.rpartition("/")[2], 201)
    _, taken = push(office, tenants)
    assert taken.answer.startswith("Taken for 1 of 3 browsers; 1 are forgotten")
    assert len(listed(http, as_staff("viewer"))) == 2


@pytest.mark.parametrize(("status", "code"), [(429, "push_away"), (503, "push_away"), (403, "push_login_refused")])
def test_what_may_be_better_later_forgets_nobody(office, tenants, service, subscribed, http, as_staff, status, code):
    service.answer = lambda _: status
    with pytest.raises(NotNow) as away:
        push(office, tenants)
    assert away.value.code == code
    assert listed(http, as_staff("viewer")) == [subscribed["id"]]


def test_a_service_that_is_no_longer_allowed_is_not_called(db, office, tenants, service, subscribed, settings):
    strict = office_of(db, replace(settings, push_hosts=("fcm.googleapis.com",)))
    with pytest.raises(Never):
        push(strict, tenants)
    assert service.received == []


# ---------------------------------------------------------------- subscribed


def test_the_same_browser_is_one_and_goes_over_to_whoever_signs_in(http, as_staff, taker, subscribed):
    again = http.post("/v1/push-subscriptions", json=taker.asked, headers=as_staff("viewer")).json()
    assert again["id"] == subscribed["id"]
    http.post("/v1/push-subscriptions", json=taker.asked, headers=as_staff("admin"))
    assert (listed(http, as_staff("viewer")), listed(http, as_staff("admin"))) == ([], [subscribed["id"]])


def test_the_oldest_of_more_than_ten_goes(http, as_staff, base, subscribed):
    viewer = as_staff("viewer")
    for number in range(10):
        http.post("/v1/push-subscriptions", json=Taker(f"{base}/push/{number}").asked, headers=viewer)
    found = listed(http, viewer)
    assert (len(found), subscribed["id"] in found) == (10, False)


def test_of_two_at_once_who_are_one_too_many_ten_are_left(office, tenants, base, db):
    actor = Actor("staff", "viewer@northgate.example", tenants.staff["viewer"])

    def one_more(number):
        asked = Taker(f"{base}/push/{number}").asked
        with office.acting(tenants.northgate, actor) as acting:
            subscribing.subscribe(acting, Browser(asked["endpoint"], **asked["keys"]))
            yield
        yield

    for number in range(10):
        list(one_more(number))
    first = one_more("a")
    next(first)  # and has not committed
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(lambda: list(one_more("b")))
        until(lambda: somebody_waits(db))
        next(first)
        second.result()
    with office.acting(tenants.northgate, actor) as acting:
        assert len(subscribing.subscriptions(acting)) == subscribing.EACH


def somebody_waits(db):
    with db.system() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def test_nobody_forgets_or_sees_a_colleagues_browser(http, as_staff, subscribed):
    for other in ("admin", "stranger"):
        assert listed(http, as_staff(other)) == []
        url = f"/v1/push-subscriptions/{subscribed['id']}"
        assert http.delete(url, headers=as_staff(other)).status_code == 404
    assert http.delete(url, headers=as_staff("viewer")).status_code == 204
    assert listed(http, as_staff("viewer")) == []
    assert http.delete(f"/v1/push-subscriptions/{uuid4()}", headers=as_staff("viewer")).status_code == 404


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254/latest",
        "https://attacker.example/",
        "https://push.example.attacker.example/",
        "https://a.push.example@attacker.example/",
        "https://evilpush.example/",
        "https://attacker.example%2f.push.example/",
        "https://attacker.example;.push.example/",
        "https://attacker example.push.example/",
        "https://.push.example/",
        "file:///etc/passwd",
        "https://[::1",
        "x",
    ],
)
def test_an_endpoint_at_no_push_service_is_refused(http, as_staff, taker, endpoint):
    answer = http.post("/v1/push-subscriptions", json=taker.asked | {"endpoint": endpoint}, headers=as_staff("viewer"))
    assert (answer.status_code, answer.json()["error"]) == (422, "push_host_unknown")
    assert endpoint not in answer.json()["message"] or endpoint == "x"


@pytest.mark.parametrize("keys", [{"auth": "AAAA"}, {"auth": "ü"}, {"p256dh": "AAAA"}, {"p256dh": "BA" + "A" * 85}])
def test_keys_that_nothing_can_be_sealed_with_are_refused(http, as_staff, taker, keys):
    asked = taker.asked | {"keys": taker.asked["keys"] | keys}
    answer = http.post("/v1/push-subscriptions", json=asked, headers=as_staff("viewer"))
    assert (answer.status_code, answer.json()["error"]) == (422, "push_key_unfit")


def test_where_a_browser_is_reached_lies_encrypted(all_rows, subscribed, taker):
    rows = "".join(all_rows()["push_subscriptions"])
    assert subscribed["service"] == "127.0.0.1"
    assert not any(word in rows for word in ("capability", taker.auth, taker.p256dh))


def test_the_example_of_the_standard_can_be_sealed():
    """The browser of RFC 8291, section 5."""
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    sealed = pushing.seal(Browser("https://a.push.example/", point, "BTBZMqHH6r4Tts7J_aSIgg"), b"When I grow up")
    assert len(sealed) == 16 + 4 + 1 + 65 + 14 + 1 + 16


def test_a_firm_cannot_reach_anothers_browsers(office, tenants, subscribed):
    with office.db.firm(tenants.harbor) as session:
        assert session.scalar(text("SELECT count(*) FROM push_subscriptions")) == 0
