"""Wakes workers: one broker a kind of address, and the thread that sends wakes off the caller's path.

A message names a queue, never a job: what is to be done stands in the ledger. So a lost message costs a few seconds,
until the next sweep, and one that comes twice costs a look at the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple
from urllib.parse import urlsplit

import dramatiq

from gateway.db.engine import Addresses
from gateway.errors import Permanent
from gateway.settings import Settings

ACTOR = "wake"


class BrokerKind(NamedTuple):
    """The module of a kind of broker, and what people call it."""

    module: str
    name: str


BROKERS: dict[str, BrokerKind] = {  # by the scheme of GATEWAY_BROKER_URL; "" is unset
    "": BrokerKind("postgres", "PostgreSQL, LISTEN and NOTIFY"),
    "redis": BrokerKind("redis", "Redis"),
    "rediss": BrokerKind("redis", "Redis"),
    "amqp": BrokerKind("rabbitmq", "RabbitMQ"),
    "amqps": BrokerKind("rabbitmq", "RabbitMQ"),
}


def kind_of(settings: Settings) -> BrokerKind:
    """Which broker these settings mean.

    Raises:
        Permanent: `settings_invalid`.
    """
    scheme = urlsplit(settings.broker_url or "").scheme
    if scheme not in BROKERS:
        known = ", ".join(f"{one}://" for one in BROKERS if one)
        raise Permanent("settings_invalid", f"GATEWAY_BROKER_URL must start with one of {known}, or be unset.")
    return BROKERS[scheme]


def make_broker(settings: Settings, addresses: Addresses) -> dramatiq.Broker:
    """A broker without middleware: nothing is retried, delayed or kept by it. It connects when it is first used."""
    module = import_module(f"gateway.jobs.broker.{kind_of(settings).module}")
    made: dramatiq.Broker = module.make(settings.broker_url, addresses)
    return made


def ping(settings: Settings, addresses: Addresses) -> None:
    """See whether the broker answers.

    Raises:
        Exception: the client's own, if it does not.
    """
    module = import_module(f"gateway.jobs.broker.{kind_of(settings).module}")
    module.ping(settings.broker_url, addresses)


def queue_name(queue: str) -> str:
    """What a queue is called at a broker that serves others as well."""
    return f"gateway.{queue}"


def message(queue: str) -> dramatiq.Message[None]:
    """The message that wakes a queue's workers."""
    return dramatiq.Message(queue_name=queue_name(queue), actor_name=ACTOR, args=(queue,), kwargs={}, options={})


def listen(broker: dramatiq.Broker, queues: list[str], wake: Callable[[str], None]) -> dramatiq.Worker:
    """Call `wake` with the queue's name for each message, in a thread of Dramatiq's, until the worker is stopped."""
    for queue in queues:
        broker.declare_queue(queue_name(queue))
    dramatiq.actor(actor_name=ACTOR, queue_name=queue_name(queues[0]), broker=broker)(wake)
    worker = dramatiq.Worker(broker, queues={queue_name(queue) for queue in queues}, worker_threads=1)
    worker.start()
    return worker
