"""A workbook as rows of text: parsed in a process of its own, so that nothing in it can take this one down."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import IO, TypeVar

import msgspec

from ingest.formats.answers import CELL_BYTES, LENGTH, MEMORY, SECONDS, Answer, Opened, Refusal, Rows, Sheet
from ingest.formats.base import Refused, Source
from ingest.formats.packings import HEAD, refuse_packed

EXPECTED = "an Excel workbook (.xlsx)"
MAX_HEADS = 100 << 20  # bytes of memory: 300 sheets of 50 columns take 90
MAX_ANSWER = 64 << 20  # bytes; only a hostile row makes a larger one
Said = TypeVar("Said", Opened, Rows)
_DECODER = msgspec.msgpack.Decoder(Answer)
_TOO_LONG = (signal.SIGXCPU, signal.SIGKILL)  # the kernel's word on processor time; a second try would end no better


class Workbook:
    """The chosen sheets of a file, open until their rows have been read.

    A copy of the file stands on disk without a name (nobody else can open it, and it is gone with this process),
    because a zip archive is read from its end. Native code tries first; where that dies, an xlsx is streamed instead.

    Args:
        source: the file.
        choose: from the worksheets to the places of those to be read.

    Attributes:
        sheets: all worksheets in order.
        heads: of each chosen one, the first rows.

    Raises:
        Refused: `empty_file`, `unreadable`, `password_protected`, `too_large`; `rows` too.
    """

    def __init__(self, source: Source, choose: Callable[[list[Sheet]], list[int]]) -> None:
        self._name = source.name
        with _copy(source) as copy:
            try:
                self._open("quick", copy, choose)
            except _Died as death:
                if death.code in _TOO_LONG:
                    raise self._refusal(death) from death
                self._retry(copy, choose)

    def rows(self, number: int) -> Iterator[Rows]:
        """All rows of a chosen sheet, block by block. Once. While one is worked on, the next is being read."""
        block = self.heads[number]
        try:
            while block.share < 1:
                self._reader.ask(number)
                yield block
                block = self._reader.answer(Rows)
        except _Died as death:
            raise self._refusal(death) from death

    def close(self) -> None:
        """End the reader; nothing more can be read."""
        self._reader.close()

    def _retry(self, copy: IO[bytes], choose: Callable[[list[Sheet]], list[int]]) -> None:
        try:
            self._open("slow", copy, choose)
        except _Died as death:
            raise self._refusal(death) from death

    def _open(self, way: str, copy: IO[bytes], choose: Callable[[list[Sheet]], list[int]]) -> None:
        self._reader = _Reader(way, copy, self._name)
        try:
            self.sheets = self._reader.answer(Opened).sheets
            self.heads = self._first_rows(choose(self.sheets))
        except BaseException:
            self.close()
            raise

    def _first_rows(self, numbers: list[int]) -> dict[int, Rows]:
        heads, held = {}, 0
        for number in numbers:
            heads[number] = head = self._reader.head(number)
            held += sum(CELL_BYTES * len(cells) + len("".join(cells)) for cells in head.cells)
            if held > MAX_HEADS:
                raise Refused("too_large", file=self._name, why="the first rows of its sheets hold too much")
        return heads

    def _refusal(self, death: _Died) -> Refused:
        if death.code in _TOO_LONG:
            return Refused("too_large", file=self._name, why=f"reading it takes more than {SECONDS} seconds")
        return Refused("too_large", file=self._name, why=f"reading it takes more than {MEMORY >> 20} MB of memory")


class _Died(Exception):  # noqa: N818 - says what happened to whom
    """The reader ended without an answer; `code` as in `subprocess`, with a signal's number made positive."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = abs(code)


class _Reader:
    """The process of `ingest.formats.reader`, and what is said to it."""

    def __init__(self, way: str, copy: IO[bytes], name: str) -> None:
        self._name = name
        command = [sys.executable, "-m", "ingest.formats.reader", str(copy.fileno()), way]
        # LC_ALL: a locale archive mapped into memory would count as the workbook's
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C", "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[copy.fileno()],
            env=environment,
        )
        self.close = weakref.finalize(self, _end, self._process)

    def head(self, number: int) -> Rows:
        """The first rows of a sheet."""
        self.ask(number)
        return self.answer(Rows)

    def ask(self, number: int) -> None:
        """Have the next rows of a sheet read."""
        try:
            _pipe(self._process.stdin).write(LENGTH.pack(number))
            _pipe(self._process.stdin).flush()
        except BrokenPipeError:
            return  # `answer` finds out why

    def answer(self, kind: type[Said]) -> Said:
        """The next thing that the reader says.

        Raises:
            Refused: as the reader has it.
            _Died: it says nothing any more.
        """
        answer = _DECODER.decode(self._packed())
        if isinstance(answer, Refusal):
            raise Refused(answer.code, file=self._name, why=answer.why, expected=EXPECTED)
        assert isinstance(answer, kind)  # noqa: S101 - each question has one kind of answer
        return answer

    def _packed(self) -> bytes:
        pipe = _pipe(self._process.stdout)
        prefix = pipe.read(LENGTH.size)
        size = LENGTH.unpack(prefix)[0] if len(prefix) == LENGTH.size else 0
        if size > MAX_ANSWER:
            raise Refused("too_large", file=self._name, why="a row of it holds too much text")
        packed = pipe.read(size)
        if not size or len(packed) < size:
            raise _Died(self._process.wait())
        return packed


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - the process was started with pipes
    return pipe


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with contextlib.suppress(BrokenPipeError), process:  # a question that nobody heard; else closes pipes and waits
        return


@contextlib.contextmanager
def _copy(source: Source) -> Iterator[IO[bytes]]:
    if not source.size:
        raise Refused("empty_file", file=source.name)
    with tempfile.TemporaryFile() as copy:
        copy.writelines(source.chunks())
        copy.seek(0)
        refuse_packed(copy.read(HEAD), source.name, EXPECTED)
        yield copy
