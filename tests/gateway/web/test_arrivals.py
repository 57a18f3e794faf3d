"""What staff see of the places from which files are fetched."""

from helpers.places import CSV, Places, in_bucket, with_arrivals
from sqlalchemy import select

from gateway.db.models import AuditEntry


def test_staff_see_what_waits_and_why_and_strangers_nothing(http, inbox, as_staff):
    inbox.apply(with_arrivals("{via: drop}"))
    places = Places(inbox)
    (places.landing / "roster.csv").write_bytes(CSV)
    (places.landing / "photo.jpg").write_bytes(CSV)
    places.poll()

    [place] = http.get("/v1/arrivals", headers=as_staff("viewer"), params={"partner": "acme"}).json()["data"]

    assert (place["partner"], place["via"], place["listed"], place["taken"]) == ("acme", "drop", 2, 1)
    assert [one["name"] for one in place["waiting"]] == ["photo.jpg"]
    assert place["waiting"][0]["why"].startswith("no feed takes a file of this name here")
    assert http.get("/v1/arrivals", headers=as_staff("viewer"), params={"partner": "initech"}).status_code == 404


def test_staff_and_the_partner_try_places_and_hear_what_does_not_work(http, inbox, as_staff, acme_key, db):
    inbox.apply(with_arrivals("{via: drop}"))
    places = Places(inbox)
    (places.landing / "roster.csv").write_bytes(CSV)
    body = {"partner": "acme"}

    [told] = http.post("/v1/arrivals/ping", headers=as_staff("paralegal"), json=body).json()["data"]
    assert told["works"]
    assert told["steps"]
    assert (told["code"], told["message"]) == (None, None)
    assert (places.landing / "roster.csv").exists()

    inbox.apply(with_arrivals(in_bucket("files", "https://s3.acme.example")))
    [told] = http.post("/v1/arrivals/ping", headers=acme_key, json=body).json()["data"]
    assert not told["works"]
    assert "s3.acme.example" in told["message"]  # a name that nobody may have (RFC 2606)

    for headers in (as_staff("viewer"), acme_key):
        strange = http.post("/v1/arrivals/ping", headers=headers, json={"partner": "initech"})
        assert strange.status_code in {403, 404}
    with db.system() as session:
        kinds = session.scalars(
            select(AuditEntry.actor_kind).where(AuditEntry.action == "arrival.ping").order_by(AuditEntry.at)
        )
        assert list(kinds) == ["staff", "partner"]
