"""We connect to addresses that were looked at, and to nothing that only this installation can reach."""

import socket
import threading

import pytest
from helpers.listening import listening
from helpers.servers import free_port

from gateway.dialing import Failed, Place, Refused, Timeout, checked, dial

LOOPBACK = ("127.0.0.0/8", "::1/128")


def naming(*addresses):
    family = {True: socket.AF_INET6, False: socket.AF_INET}
    return lambda *_: [(family[":" in one], one) for one in addresses]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::7f00:1",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%2",
        "fec0::1",
        "ff02::1",
        "100::1",
    ],
)
def test_an_address_that_only_we_can_reach_is_refused(address):
    with pytest.raises(Refused) as refused:
        checked(Place("hr.acme.example", 443), (), 5, resolve=naming(address))
    assert refused.value.code == "private_address"
    assert "hr.acme.example" in refused.value.sentence
    assert address not in refused.value.sentence  # or names of our network could be asked for one by one


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_an_address_of_the_internet_is_not(address):
    found, opened = checked(Place("hr.acme.example", 443), (), 5, resolve=naming(address))
    assert ([address], False) == ([one for _, one in found], opened)


@pytest.mark.parametrize("spelled", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
def test_no_spelling_of_this_machine_gets_through(spelled):
    with pytest.raises(Refused, match="of this machine itself"):
        dial(Place(spelled, 80), (), 5)


def test_a_name_that_leads_outside_and_inside_is_refused():
    with pytest.raises(Refused):
        checked(Place("hr.acme.example", 443), (), 5, resolve=naming("8.8.8.8", "10.0.0.1"))


def test_a_network_that_is_opened_opens_nothing_else():
    found, opened = checked(Place("hr", 1), ("10.1.0.0/16",), 5, resolve=naming("10.1.2.3"))
    assert (found, opened) == ([(socket.AF_INET, "10.1.2.3")], True)
    for address in ("10.2.0.1", "::ffff:10.1.2.3", "64:ff9b::a01:203"):
        with pytest.raises(Refused):
            checked(Place("hr", 1), ("10.1.0.0/16",), 5, resolve=naming(address))


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to():
    answers = [naming("127.0.0.1"), naming("127.0.0.99")]

    def rebound(host, port):
        return answers.pop(0)(host, port)

    with listening(b"") as server:
        connection, _ = dial(Place("rebound.example", server.port), LOOPBACK, 5, resolve=rebound)
        with connection:
            assert connection.getpeername() == ("127.0.0.1", server.port)
    assert len(answers) == 1  # it was asked once


def test_the_next_address_is_tried_when_one_does_not_answer():
    with listening(b"") as server:
        place = Place("hr.acme.example", server.port)
        connection, opened = dial(place, LOOPBACK, 5, resolve=naming("::1", "127.0.0.1"))
        with connection:
            assert (connection.getpeername()[0], opened) == ("127.0.0.1", True)


def test_a_port_at_which_nothing_listens_is_named():
    port = free_port()
    with pytest.raises(Failed, match=f"127.0.0.1:{port}: the connection was refused") as failed:
        dial(Place("127.0.0.1", port), LOOPBACK, 5)
    assert failed.value.code == "connection_refused"


def test_a_name_that_is_nobodys_is_named():
    def unknown(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Failed, match=r"No host is called hr\.acme\.exmaple") as failed:
        dial(Place("hr.acme.exmaple", 443), (), 5, resolve=unknown)
    assert failed.value.code == "name_not_found"


def test_a_label_that_no_name_may_have_is_a_name_that_is_nobodys():
    with pytest.raises(Failed, match="No host is called"):
        dial(Place("a" * 70 + ".example", 443), (), 5)


def test_a_name_service_that_hangs_costs_no_more_than_the_time_there_is():
    over = threading.Event()

    def hanging(host, port):
        over.wait(30)
        return []

    with pytest.raises(Timeout, match=r"within 0\.05 s"):
        dial(Place("hr.acme.example", 443), (), 0.05, resolve=hanging)
    over.set()


def test_a_place_that_takes_no_connection_is_given_up():
    with socket.socket() as full, socket.socket() as first:  # a queue of one that is full answers nobody
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        with pytest.raises(Timeout, match="did not answer") as late:
            dial(Place(*full.getsockname()), LOOPBACK, 0.2)
    assert late.value.code == "connection_timed_out"
