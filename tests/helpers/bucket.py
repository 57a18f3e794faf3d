"""An S3 on loopback (moto's server) that looks at signatures and rights, with one bucket and one login."""

from __future__ import annotations

import functools
import json
import logging
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

_ALL = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket")


class Bucket:
    """The bucket `acme-in`.

    Attributes:
        access_key, secret_key: of a login that may do what `allow` says; at first, all.
    """

    name = "acme-in"

    def __init__(self) -> None:
        self.port, self._s3, self._iam = _server()
        self.url = f"http://127.0.0.1:{self.port}"
        self._tell("reset", "")
        self._count("inf")
        self._s3.create_bucket(Bucket=self.name)
        self._iam.create_user(UserName="acme")
        keys = self._iam.create_access_key(UserName="acme")["AccessKey"]
        self.access_key, self.secret_key = keys["AccessKeyId"], keys["SecretAccessKey"]
        self.allow(*_ALL)

    def allow(self, *actions: str) -> None:
        """What the login may do from now on."""
        self._count("inf")
        rule = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
        self._iam.put_user_policy(UserName="acme", PolicyName="rights", PolicyDocument=document)
        self._count("0")

    def files(self) -> dict[str, bytes]:
        """What lies there."""
        self._count("inf")
        try:
            listed = self._s3.list_objects_v2(Bucket=self.name).get("Contents", [])
            return {one["Key"]: self._read(one["Key"]) for one in listed}
        finally:
            self._count("0")

    def head(self, key: str) -> dict:
        """What is known of an object."""
        self._count("inf")
        try:
            return self._s3.head_object(Bucket=self.name, Key=key)
        finally:
            self._count("0")

    def put(self, key: str, data: bytes) -> None:
        """Somebody else's object."""
        self._count("inf")
        self._s3.put_object(Bucket=self.name, Key=key, Body=data)
        self._count("0")

    def close(self) -> None:
        """Have the server forget: what it knows is of the process, and others of its kind would know it too."""
        self._count("inf")
        self._tell("reset", "")

    def _read(self, key: str) -> bytes:
        with self._s3.get_object(Bucket=self.name, Key=key)["Body"] as body:
            return body.read()

    def _count(self, free: str) -> None:
        """How many requests are taken unseen."""
        self._tell("reset-auth", free)

    def _tell(self, what: str, value: str) -> None:
        url, plain = f"{self.url}/moto-api/{what}", {"Content-Type": "text/plain"}
        asked = urllib.request.Request(url, data=value.encode(), headers=plain, method="POST")  # noqa: S310 - ours
        urllib.request.urlopen(asked).close()  # noqa: S310 - ours


@functools.cache
def _server() -> tuple[int, Any, Any]:
    """Where the one server of this process listens, and root's clients of it: all three take long to make, and to end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    root = {"aws_access_key_id": "root", "aws_secret_access_key": "root", "region_name": "us-east-1"}
    return port, *(boto3.client(kind, endpoint_url=f"http://127.0.0.1:{port}", **root) for kind in ("s3", "iam"))


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    one = Bucket()
    yield one
    one.close()
