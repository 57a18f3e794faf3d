"""What is sent as a file, and when the file behind it is closed."""

import io

import pytest

from gateway.web import attachments


@pytest.mark.parametrize("size", [0, 1, attachments._CHUNK, attachments._CHUNK + 1, 3 * attachments._CHUNK])
def test_a_file_is_sent_whole_and_closed_ahead_of_its_last_piece(size):
    content = bytes(range(256)) * (size // 256 + 1)
    file = io.BytesIO(content[:size])
    sent = b""
    for piece in attachments._sent(file):
        sent += piece
        assert file.closed == (len(sent) == size)
    assert sent == content[:size]
