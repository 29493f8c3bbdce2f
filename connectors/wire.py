"""Frames between the runner and its worker: typed, checked, capped, and nothing that can run.

A frame is four bytes of length, big endian, and one msgpack value. The worker reads text from
strangers and may be taken over by it, so the runner believes nothing: a frame that is too long, of
an unknown kind, of a wrong type or out of range raises `BadFrame`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import Literal

import msgspec

from connectors.contract import Context, Entry, Progress, Quarantined

# A message of 50 MB may come with its text and its HTML as text: three times that, and some room.
MAX_FRAME_BYTES = 192 * 1024 * 1024
# Ids and times must fit the store's signed 64-bit integers; times lie within years 1 to 9999.
EARLIEST_MS = -62_135_596_800_000
LATEST_MS = 253_402_300_799_999
MAX_SIZE_BYTES = 1 << 53
MAX_OFFSET_MINUTES = 24 * 60
MAX_CURSOR_CHARS = 16 * 1024 * 1024

_LENGTH = struct.Struct(">I")
_READ_BYTES = 1 << 20

FailureKind = Literal["bad_file", "auth", "rate", "transient", "refused", "crash", "hang"]


class BadFrame(Exception):
    """What came through the pipe is not a frame that a worker of ours would send."""


class CutOff(BadFrame):
    """The pipe ended in the middle of a frame: whoever wrote it died."""


class Request(msgspec.Struct, frozen=True, array_like=True, tag="request"):
    """What the runner asks of a worker.

    Attributes:
        connector: Name for `connectors.registry.connector`.
        context: Given to its ``pull``.
        item_seconds: How long one item may take; 0 means that the connector keeps its own time.
        memory_bytes: Address space of the worker.
        careful_items: So many items are sent one by one, to find the one on which a worker dies.
        set_aside: Numbers of the items after the cursor, from 0, that are not to be parsed.
        eager: True where each checkpoint is sent at once (live sources), not grouped.
    """

    connector: str
    context: Context
    item_seconds: float
    memory_bytes: int
    careful_items: int = 0
    set_aside: tuple[int, ...] = ()
    eager: bool = False


class Items(msgspec.Struct, frozen=True, array_like=True, tag="items"):
    """A part of what a connector yielded, in order; the cursor, if any, stands after all of it."""

    entries: tuple[Entry, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    cursor: str | None = None


class Working(msgspec.Struct, frozen=True, array_like=True, tag="working"):
    """How far the connector is."""

    progress: Progress


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The connector gave up; all that it yielded before has been sent.

    Attributes:
        kind: Which error of the contract it was; ``crash`` and ``hang`` are defects of a reader.
        sentence: Fit to show an agent; untrusted, as it may quote the source.
        after_seconds: How long a source asked to wait.
    """

    kind: FailureKind
    sentence: str
    after_seconds: float = 0.0


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """The connector has yielded everything."""


Frame = Items | Working | Failed | Done

_encoder = msgspec.msgpack.Encoder()
_frames: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
_requests = msgspec.msgpack.Decoder(Request)


def encode(frame: Frame | Request) -> memoryview:
    """Return a frame with its length before it.

    Raises:
        BadFrame: It is longer than `MAX_FRAME_BYTES`.
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    buffer = bytearray(_LENGTH.size)
    _encoder.encode_into(frame, buffer, _LENGTH.size)
    length = len(buffer) - _LENGTH.size
    if length > MAX_FRAME_BYTES:
        raise BadFrame(f"A frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}.")
    _LENGTH.pack_into(buffer, 0, length)
    return memoryview(buffer)


def send(descriptor: int, encoded: memoryview) -> None:
    """Write an encoded frame whole.

    Raises:
        BrokenPipeError: Nobody reads any more.
    """
    while encoded:
        encoded = encoded[os.write(descriptor, encoded) :]


def read_request(descriptor: int) -> Request:
    """Read the one request that a worker is given.

    Raises:
        BadFrame: There is none, or it is broken.
    """
    payload = _read_payload(descriptor, lambda: None)
    if payload is None:
        raise BadFrame("The request is missing.")
    try:
        return _requests.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadFrame(f"The request is broken: {error}") from None


def read_frame(descriptor: int, alive: Callable[[], None]) -> Frame | None:
    """Read and check the next frame from a worker.

    Args:
        descriptor: The reading end of the worker's pipe, blocking.
        alive: Called after each part that arrives.

    Returns:
        The frame, or None where the pipe ended between two frames.

    Raises:
        BadFrame: It is not a frame that a worker of ours would send, or was cut off.
    """
    payload = _read_payload(descriptor, alive)
    if payload is None:
        return None
    try:
        frame = _frames.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadFrame(f"A frame does not have the agreed shape: {error}") from None
    if isinstance(frame, Items):
        _check_items(frame)
    elif isinstance(frame, Working):
        _check_progress(frame.progress)
    return frame


def _read_payload(descriptor: int, alive: Callable[[], None]) -> bytearray | None:
    """Read one length-prefixed value; None at a clean end."""
    header = _read_exactly(descriptor, _LENGTH.size, alive)
    if not header:
        return None
    if len(header) < _LENGTH.size:
        raise CutOff("The output ended in the middle of a frame.")
    (length,) = _LENGTH.unpack(header)
    if length > MAX_FRAME_BYTES:
        raise BadFrame(f"A frame announces {length} bytes; the limit is {MAX_FRAME_BYTES}.")
    payload = _read_exactly(descriptor, length, alive)
    if len(payload) < length:
        raise CutOff("The output ended in the middle of a frame.")
    return payload


def _read_exactly(descriptor: int, length: int, alive: Callable[[], None]) -> bytearray:
    """Read ``length`` bytes, or fewer where the pipe ends; memory grows only as bytes arrive."""
    received = bytearray()
    while len(received) < length:
        part = os.read(descriptor, min(_READ_BYTES, length - len(received)))
        if not part:
            break
        alive()
        received += part
    return received


def _check_items(items: Items) -> None:
    """Refuse numbers that the store cannot hold and ranges that lie outside the text."""
    for entry in items.entries:
        if not entry.external_id or not EARLIEST_MS <= entry.at <= LATEST_MS:
            raise BadFrame("An entry has no id, or a time outside the years 1 to 9999.")
        if entry.at_offset is not None and abs(entry.at_offset) > MAX_OFFSET_MINUTES:
            raise BadFrame("An entry states a time zone of more than a day.")
        if entry.folds:
            _check_folds(entry)
        if any(not 0 <= file.size <= MAX_SIZE_BYTES for file in entry.attachments):
            raise BadFrame("An attachment states an impossible size.")
    if items.cursor is not None and len(items.cursor) > MAX_CURSOR_CHARS:
        raise BadFrame("A cursor is too long to be kept.")
    if any(not item.external_id for item in items.quarantined):
        raise BadFrame("Something was set aside without an id.")
    places = [one.place for one in items.entries] + [one.place for one in items.quarantined]
    for place in filter(None, places):
        if not (0 <= place.validity <= MAX_SIZE_BYTES and 0 <= place.uid <= MAX_SIZE_BYTES):
            raise BadFrame("Something states an impossible place on its server.")


def _check_progress(progress: Progress) -> None:
    """Refuse counts that are not counts."""
    if not (0 <= progress.done <= MAX_SIZE_BYTES and 0 <= progress.total <= MAX_SIZE_BYTES):
        raise BadFrame("A report of progress states an impossible number.")


def _check_folds(entry: Entry) -> None:
    """Refuse folds that are not sorted, overlap, or leave the text."""
    reached = 0
    for fold in entry.folds:
        if not reached <= fold.start <= fold.end <= len(entry.text):
            raise BadFrame("A fold lies outside its text, or over another.")
        reached = fold.end
