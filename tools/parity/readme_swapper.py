#!/usr/bin/env python3
"""A parity folder whose inswapper_128 computes what that folder's README says.

usage: readme_swapper.py PARITY_FOLDER NEW_FOLDER

The stand-in that comes with the recorded whole runs is 0.70 * target + 0.20 * tanh(20 * source) +
ramps up to 0.08; its README, and five of the cases, have 0.80, 0.10 and 0.04 (docs/PARITY.md). The
new folder holds links to everything else and a copy of the model with these three constants; run
`FUS_PARITY_DIR=NEW_FOLDER build/tools/parity --case swap_inswapper` with it."""
import os
import struct
import sys
import zlib

MODEL = "inswapper_128"


def payload(data, name, size):
    """Where the raw bytes of the initializer `name` begin in the serialised graph."""
    length, varint = size, b""
    while length > 127:
        varint += bytes([length & 127 | 128])
        length >>= 7
    mark = b"B" + bytes([len(name)]) + name + b"J" + varint + bytes([length])
    if data.count(mark) != 1:
        sys.exit(f"{MODEL}.onnx has no initializer {name.decode()} of {size} bytes")
    return data.index(mark) + len(mark)


def patched(data):
    data = bytearray(data)
    for name, given, wanted in ((b"c_13", 0.70, 0.80), (b"c_10", 0.20, 0.10)):
        at = payload(data, name, 4)
        (value,) = struct.unpack_from("<f", data, at)
        if abs(value - given) > 1e-6:
            sys.exit(f"{MODEL}.onnx has {value} where {given} was known")
        struct.pack_into("<f", data, at, wanted)
    count = 3 * 128 * 128
    at = payload(data, b"w_12", 4 * count)
    ramps = struct.unpack_from(f"<{count}f", data, at)
    struct.pack_into(f"<{count}f", data, at, *(value / 2 for value in ramps))
    return bytes(data)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    old, new = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.makedirs(os.path.join(new, "models"))
    for name in os.listdir(old):
        if name != "models":
            os.symlink(os.path.join(old, name), os.path.join(new, name))
    for name in os.listdir(os.path.join(old, "models")):
        if not name.startswith((MODEL, ".")):
            os.symlink(os.path.join(old, "models", name), os.path.join(new, "models", name))
    with open(os.path.join(old, "models", MODEL + ".onnx"), "rb") as file:
        data = patched(file.read())
    with open(os.path.join(new, "models", MODEL + ".onnx"), "wb") as file:
        file.write(data)
    with open(os.path.join(new, "models", MODEL + ".hash"), "w") as file:
        file.write(f"{zlib.crc32(data):08x}")


main()
