"""What doctor and status say of places."""

import pytest
from helpers.places import CSV, Places, with_arrivals
from helpers.sshd import pair

from gateway.office import Actor
from ingest.arrivals.standing import check, status_anywhere

ME = Actor("system", "test")


@pytest.mark.parametrize(("more", "level"), [("", "warning"), (', done: "*.done"', "ok"), (", ready: trailer", "ok")])
def test_doctor_names_who_has_agreed_on_nothing(inbox, office, more, level):
    place = f'{{via: sftp, host: sftp.acme.example, user: us, key: K, host_keys: ["{pair()[1]}"]{more}}}'
    inbox.apply(with_arrivals(place))
    told = check(office)
    assert told.level == level
    assert ("acme (sftp://us@sftp.acme.example:22/.)" in told.found) is (level == "warning")


def test_doctor_names_what_fails(inbox, office):
    inbox.apply(with_arrivals("{via: drop, folder: in}"))
    for _ in range(3):
        Places(inbox).poll()
    told = check(office)
    assert (told.level, "drop:in" in told.found) == ("warning", True), "no service is ill because a partner is"


def test_doctor_says_both_where_some_fail_and_others_may_give_half_a_file(inbox, office):
    patient = f'{{via: sftp, host: sftp.acme.example, user: us, key: K, host_keys: ["{pair()[1]}"]}}'
    inbox.apply(with_arrivals(patient, partner="globex"))
    inbox.apply(with_arrivals("{via: drop, folder: in}"))
    for _ in range(3):
        Places(inbox).poll()
    told = check(office)
    assert "drop:in" in told.found
    assert "globex (sftp://us@sftp.acme.example:22/.)" in told.found


def test_status_shows_places_that_nobody_has_looked_at_yet(inbox, office):
    inbox.apply(with_arrivals("{via: drop}"))
    [one] = status_anywhere(office, ME)
    assert (one.partner, one.looked_at, one.taken) == ("acme", None, 0)


def test_a_file_that_waited_and_is_gone_waits_no_more(inbox, office):
    inbox.apply(with_arrivals("{via: drop}"))
    places = Places(inbox)
    (places.landing / "photo.jpg").write_bytes(CSV)
    places.poll()
    assert [one.name for one in status_anywhere(office, ME, "acme")[0].waiting] == ["photo.jpg"]
    (places.landing / "photo.jpg").unlink()
    places.poll()
    assert status_anywhere(office, ME, "acme")[0].waiting == []
