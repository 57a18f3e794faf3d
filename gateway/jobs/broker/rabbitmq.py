"""RabbitMQ as the broker, with publisher confirms."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import dramatiq
import pika  # type: ignore[import-untyped]
from dramatiq.brokers.rabbitmq import RabbitmqBroker, _RabbitmqConsumer

from gateway.db.engine import Addresses

MOST_WAKES = 100  # that wait in a queue: more of them say nothing new, the oldest go

_ANSWER_SECONDS = 2.0

logging.getLogger("pika").setLevel(logging.CRITICAL)  # a dozen lines a refused connection; whoever wanted it tells once


def make(url: str | None, _addresses: Addresses) -> dramatiq.Broker:
    """A broker at this address."""
    broker = _Broker(url=url, confirm_delivery=True, middleware=[])
    broker.parameters = _parameters(url)
    return broker


def ping(url: str | None, _addresses: Addresses) -> None:
    """Connect, log in, and leave."""
    pika.BlockingConnection(_parameters(url)).close()


def _parameters(url: str | None) -> pika.URLParameters:
    """As the address says, but without waiting for long where nobody answers."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = _ANSWER_SECONDS
    parameters.stack_timeout = 2 * _ANSWER_SECONDS
    parameters.blocked_connection_timeout = 5 * _ANSWER_SECONDS
    return parameters


class _Broker(RabbitmqBroker):
    """Without consumers for delayed messages, and with few wakes at a time."""

    @property
    def consumer_class(self) -> type[_RabbitmqConsumer]:
        return _Consumer

    def get_declared_delay_queues(self) -> set[str]:
        return set()

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        arguments: dict[str, Any] = super()._build_queue_arguments(queue_name)  # type: ignore[no-untyped-call]
        return arguments | {"x-max-length": MOST_WAKES}


class _Consumer(_RabbitmqConsumer):
    """Leaves no connection behind.

    Dramatiq's own closes its channel first, and goes no further if the server has done so: when the queue was deleted.
    """

    def close(self) -> None:
        try:
            super().close()  # type: ignore[no-untyped-call]
        finally:
            with suppress(pika.exceptions.AMQPError):
                self.connection.close()
