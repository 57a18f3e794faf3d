"""Callers in a process of their own: as fast as they are answered, or at a pace; prints what they saw as JSON."""

from __future__ import annotations

import json
import socket
import sys
import threading
from time import perf_counter, sleep

_CALLERS = 16


def main(port: int, requests: int, per_second: int, head: str) -> None:
    """`per_second` 0 means at once; requests that are no GET name one employee after the other.

    Prints: seconds, p50 and p99 in seconds, and the status codes with their numbers.
    """
    taken: list[float] = []
    codes: dict[str, int] = {}
    numbers = iter(range(requests))
    lock, begun = threading.Lock(), perf_counter()

    def call() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                if per_second and (early := begun + number / per_second - perf_counter()) > 0:
                    sleep(early)
                due = begun + number / per_second if per_second else perf_counter()
                code = ask(connection, head, _body(number))
                with lock:
                    taken.append(perf_counter() - due)
                    codes[code] = codes.get(code, 0) + 1

    threads = [threading.Thread(target=call) for _ in range(_CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    told = {"seconds": perf_counter() - begun, "p50": taken[len(taken) // 2], "p99": taken[int(len(taken) * 0.99)]}
    print(json.dumps(told | {"codes": codes}))


def _body(number: int) -> str:
    return f'{{"employee_id": "E{number % 1000:07}", "date_of_birth": "1990-02-03"}}'


def ask(connection: socket.socket, head: str, body: str) -> str:
    """The status code of one request, its answer read whole; a GET sends no body."""
    rest = "\r\n" if head.startswith("GET ") else f"Content-Length: {len(body)}\r\n\r\n{body}"
    connection.sendall(f"{head}{rest}".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    headers, _, came = received.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(came) < length:
        came += connection.recv(65_536)
    return headers[9:12].decode()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
