"""Files come in over SFTP when they are closed, and receipts go out, with the clients that partners have."""

from helpers.inbox import as_csv, people

ROSTER = as_csv(people(3))


def arrived(inbox):
    """Name, size and way of each arrival, in order."""
    return inbox.sql("SELECT f.name, f.size, f.via FROM imports i JOIN files f ON f.id = i.file_id ORDER BY i.id")


def test_a_file_put_by_openssh_arrives_when_it_is_closed(endpoint, acme, inbox, tmp_path):
    path = tmp_path / "roster_20260301.csv"
    path.write_bytes(ROSTER)
    done = endpoint.sftp("acme", acme, f"cd inbox\nput -p {path}\nls -l\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert arrived(inbox) == [("roster_20260301.csv", len(ROSTER), "sftp")]
