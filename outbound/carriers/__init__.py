"""The ways in which a parcel leaves: one module each, one line in `CARRIERS` each."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from outbound.carriers import download, email, https, s3, sftp
from outbound.carriers.base import Carrier, CarrierSpec

# the struct of `carrier:` -> what carries
CARRIERS: dict[type[CarrierSpec], Carrier] = {
    download.DownloadCarrier: download.DOWNLOAD,
    https.HttpsCarrier: https.HTTPS,
    email.EmailCarrier: email.EMAIL,
    s3.S3Carrier: s3.S3,
    sftp.SftpCarrier: sftp.SFTP,
}

if TYPE_CHECKING:
    Carried = CarrierSpec
else:
    Carried = functools.reduce(operator.or_, CARRIERS)
