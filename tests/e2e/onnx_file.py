"""Writes small ONNX files: Protocol Buffers by hand, so that tests need no package for it."""
import struct

FLOAT, INT64 = 1, 7


def _varint(value):
    out = b''
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _bytes(field, value):
    if isinstance(value, str):
        value = value.encode()
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def tensor(name, shape, values, kind=FLOAT):
    """an initializer"""
    return raw_tensor(name, shape, struct.pack('<%d%s' % (len(values), 'f' if kind == FLOAT else 'q'), *values), kind)


def raw_tensor(name, shape, raw, kind=FLOAT):
    """an initializer from its bytes"""
    return b''.join(_number(1, n) for n in shape) + _number(2, kind) + _bytes(8, name) + _bytes(9, raw)


def node(kind, inputs, outputs, **attributes):
    out = b''.join(_bytes(1, name) for name in inputs) + b''.join(_bytes(2, name) for name in outputs) + _bytes(4, kind)
    for name, value in attributes.items():
        if isinstance(value, int):
            body = _bytes(1, name) + _number(3, value) + _number(20, 2)
        elif isinstance(value, str):
            body = _bytes(1, name) + _bytes(4, value) + _number(20, 3)
        else:
            body = _bytes(1, name) + b''.join(_number(8, n) for n in value) + _number(20, 7)
        out += _bytes(5, body)
    return out


def value(name, shape, kind=FLOAT):
    """an input or output"""
    dims = b''.join(_bytes(1, _number(1, n)) for n in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, dims)))


def model(nodes, inputs, outputs, initializers=()):
    graph = b''.join(_bytes(1, n) for n in nodes) + _bytes(2, 'graph') + b''.join(_bytes(5, t) for t in initializers)
    graph += b''.join(_bytes(11, v) for v in inputs) + b''.join(_bytes(12, v) for v in outputs)
    return _number(1, 8) + _bytes(8, _bytes(1, '') + _number(2, 17)) + _bytes(7, graph)
