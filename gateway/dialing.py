"""To whom we connect: a name is resolved once, every address of it is looked at, and one of those is connected to.

Whoever writes a partner's settings names hosts, and must not reach with them what only this installation can reach:
its own machine, its networks, the place where a cloud keeps its machines' credentials. Looking at a name and connecting
to it later would not do, for the name may lead elsewhere by then.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from gateway.errors import Permanent, Problem, Transient

Address = IPv4Address | IPv6Address
Resolve = Callable[
    [str, int], Sequence[tuple[int, str]]
]  # host, port -> families and addresses, as they would be tried

_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out
_CLOSED = [  # IANA's special-purpose registries; what Python knows of them differs from release to release
    (ipaddress.ip_network(network), kind)
    for kind, networks in {
        "at which clouds keep credentials": "169.254.169.254 168.63.129.16 192.0.0.192 100.100.100.200 fd00:ec2::254",
        "of this machine itself": "0.0.0.0/8 127.0.0.0/8 :: ::1",
        "of a private network": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7",
        "of the local link": "169.254.0.0/16 fe80::/10",
        "of a provider's own network (100.64.0.0/10)": "100.64.0.0/10",
        "of many receivers at once (multicast)": "224.0.0.0/4 ff00::/8",
        "that stands for another one (IPv4 in IPv6)": "::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32",
        "of a reserved network": "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24"
        " 203.0.113.0/24 240.0.0.0/4 2001::/23 2001:db8::/32 3fff::/20",
    }.items()
    for network in networks.split()
]


class Refused(Permanent):
    """We do not connect to this place, whoever asks; the settings, or whoever runs this installation, must change."""


class Failed(Transient):
    """The place could not be reached, or what it said could not be taken."""


class Timeout(Failed):
    """Not within the time that there is."""


class Deadline:
    """A moment after which nothing of a call may go on.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self._at = time.perf_counter() + seconds

    def left(self, most: float, late: Problem) -> float:
        """Seconds for the next step: what is left, at most `most`.

        Raises:
            Problem: `late`, when nothing is left.
        """
        left = self._at - time.perf_counter()
        if left <= 0:
            raise late
        return min(left, most)


class Place(NamedTuple):
    """A host and a port, as sentences name them."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_example(host: str) -> bool:
    """Whether a host has a name for examples, which nobody can have (RFC 2606); our samples do."""
    return host.lower().rstrip(".").endswith(".example")


def look_up(host: str, port: int) -> list[tuple[int, str]]:
    """What the system's resolver says, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, *_, address in found]


def dial(
    place: Place, allowed: Sequence[str], seconds: float, *, resolve: Resolve = look_up
) -> tuple[socket.socket, bool]:
    """A connection to one of the place's addresses, and whether all of them lie in the networks that are allowed.

    Args:
        place: its host is a name or an address, in any spelling that the resolver takes.
        allowed: networks that may be reached though they are private.
        seconds: for all of it.
        resolve: what is asked for the addresses of a name.

    Raises:
        Refused: `private_address`.
        Failed: `name_not_found`, `connection_refused`, `connection_failed`.
        Timeout: `connection_timed_out`.
    """
    deadline = Deadline(seconds)
    found, opened = checked(place, allowed, seconds, resolve=resolve)
    problem: Problem = _timed_out(place, seconds)
    for number, (family, address) in enumerate(found):
        try:
            within = deadline.left(seconds, problem) / (len(found) - number)
            return _connected(place, family, address, within), opened
        except Failed as failure:
            problem = failure
    raise problem


def checked(
    place: Place, allowed: Sequence[str], seconds: float, *, resolve: Resolve = look_up
) -> tuple[list[tuple[int, str]], bool]:
    """The addresses of a place, with none among them that may not be reached; arguments and errors as of `dial`.

    One address that may not be reached refuses the place: a name that leads outside and inside wants to be taken for
    either.
    """
    networks = [ipaddress.ip_network(one) for one in allowed]
    found = _resolved(place, seconds, resolve)
    opened = []
    for _, text in found:
        address = ipaddress.ip_address(text)
        opened.append(any(address in network for network in networks))
        if not opened[-1] and (kind := _closed(address)):
            raise _private(place, kind)
    return found, all(opened)


def _closed(address: Address) -> str | None:
    """What is wrong with an address, or None for one that anybody on the Internet may reach."""
    for network, kind in _CLOSED:
        if address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return "of a reserved network"
    return None


def _resolved(place: Place, seconds: float, resolve: Resolve) -> list[tuple[int, str]]:
    """The resolver knows no time-out, so it works in a thread that is left alone when it takes too long."""
    answers: queue.SimpleQueue[Sequence[tuple[int, str]] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(place.host, place.port))
        except (OSError, UnicodeError) as failure:  # UnicodeError: a label of more than 63 letters
            answers.put(failure)

    threading.Thread(target=ask, name="resolving", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise Timeout("connection_timed_out", f"Nobody said within {seconds:g} s where {place.host} is.") from None
    if isinstance(answer, Exception) or not answer:
        raise Failed(
            "name_not_found",
            f"No host is called {place.host}, or the name service does not answer; look for a typing error.",
        )
    return list(dict.fromkeys(answer))


def _connected(place: Place, family: int, address: str, seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, place.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as failure:
        connection.close()
        raise _unconnected(place, failure, seconds) from failure
    return connection


def _unconnected(place: Place, failure: OSError, seconds: float) -> Failed:
    if isinstance(failure, TimeoutError):
        return _timed_out(place, seconds)
    if isinstance(failure, ConnectionRefusedError):
        return Failed(
            "connection_refused", f"Nothing listens at {place}: the connection was refused. Is the port right?"
        )
    return Failed("connection_failed", f"{place} cannot be reached: {failure.strerror or failure}.")


def _timed_out(place: Place, seconds: float) -> Timeout:
    return Timeout(
        "connection_timed_out",
        f"{place} did not answer within {seconds:g} s; a firewall may keep us out: ask for our address to be let in.",
    )


def _private(place: Place, kind: str) -> Refused:
    """The address is not shown: whoever writes settings could ask so for all names of our network."""
    return Refused(
        "private_address",
        f"{place.host} leads to an address {kind}; the gateway does not connect there, unless whoever runs it names"
        " the network in GATEWAY_ALLOW_PRIVATE.",
    )
