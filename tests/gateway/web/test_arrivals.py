"""What staff see of the places from which files are fetched."""

from helpers.places import CSV, Places, with_arrivals


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
