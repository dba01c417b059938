"""Wrong messages made of right ones, the same every time."""

import random
from collections.abc import Callable, Iterator

INTERESTING = (0x00, 0x01, 0x7F, 0x80, 0xC1, 0xC4, 0xC6, 0xDD, 0xDF, 0xFF)


def mutations(seeds: tuple[bytes, ...], count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield `count` messages: the seeds themselves, then each time one that was changed a few times."""
    rng = random.Random(seed)
    yield from seeds
    for _ in range(count - len(seeds)):
        data = rng.choice(seeds)
        for _ in range(rng.randint(1, 4)):
            data = rng.choice(CHANGES)(data, rng, seeds)
        yield data


def _flip(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.choice((*INTERESTING, rng.randrange(256)))]) + data[at + 1 :]


def _insert(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at:]


def _cut(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randint(1, 16) :]


def _truncate(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _splice(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    other = rng.choice(seeds)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _repeat(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    at, length = rng.randrange(len(data) + 1), rng.randint(1, 12)
    return data[:at] + data[at : at + length] * rng.randint(2, 200) + data[at:]


def _large_length(data: bytes, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00")) + data[at + 4 :]


CHANGES: tuple[Callable[[bytes, random.Random, tuple[bytes, ...]], bytes], ...] = (
    _flip,
    _flip,
    _insert,
    _cut,
    _truncate,
    _splice,
    _repeat,
    _large_length,
)
