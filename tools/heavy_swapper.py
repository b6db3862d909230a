"""heavy_swapper.py STEM: writes STEM.onnx and STEM.hash, a graph with the tensors and the arithmetic of inswapper_128.

Layers as in that family: a 7x7 convolution, three that halve the picture, six residual blocks of two 3x3 convolutions of 1024
channels at 32x32 with a style from the source, and the way back up. All blocks share one weight, so that the file stays small; the
number of multiplications is the real one (about 2.5e11 a face). What comes out is the target with a trace of the rest, so that
the result is a picture."""
import os
import random
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'e2e'))
from onnx_file import INT64, model, node, raw_tensor, tensor, value  # noqa: E402

random.seed(1)
CHUNK = struct.pack('<4096f', *[random.gauss(0, 0.01) for _ in range(4096)])


def weights(name, *shape):
    count = 1
    for side in shape:
        count *= side
    data = (CHUNK * (count // 4096 + 1))[:4 * count]
    return raw_tensor(name, shape, data)


def build():
    nodes, constants = [], []

    def conv(source, result, inside, outside, kernel, stride=1, shared=None):
        weight = shared or result + '_w'
        if not shared or not any(weight in c[:200].decode('latin1') for c in constants):
            constants.append(weights(weight, outside, inside, kernel, kernel))
        pad = kernel // 2
        nodes.append(node('Conv', [source, weight], [result + '_c'], kernel_shape=[kernel, kernel], strides=[stride, stride],
                          pads=[pad, pad, pad, pad]))
        nodes.append(node('Relu', [result + '_c'], [result]))
        return result

    def style(source, result, channels):
        """scale and shift from the identity, after an instance normalisation"""
        constants.append(weights(result + '_m', 512, channels))
        constants.append(tensor(result + '_shape', [4], [1, channels, 1, 1], INT64))
        nodes.append(node('MatMul', ['source', result + '_m'], [result + '_v']))
        nodes.append(node('Reshape', [result + '_v', result + '_shape'], [result + '_s']))
        nodes.append(node('ReduceMean', [source], [result + '_mean'], axes=[2, 3], keepdims=1))
        nodes.append(node('Sub', [source, result + '_mean'], [result + '_n']))
        nodes.append(node('Mul', [result + '_n', result + '_s'], [result]))
        return result

    def enlarge(source, result):
        nodes.append(node('Resize', [source, '', 'twice'], [result], mode='nearest'))
        return result

    constants.append(tensor('twice', [4], [1.0, 1.0, 2.0, 2.0]))
    x = conv('target', 'c0', 3, 128, 7)
    x = conv(x, 'c1', 128, 256, 3)
    x = conv(x, 'c2', 256, 512, 3, stride=2)
    x = conv(x, 'c3', 512, 1024, 3, stride=2)
    for block in range(6):
        y = conv(x, 'b%d_1' % block, 1024, 1024, 3, shared='block_w')
        y = style(y, 's%d_1' % block, 1024)
        y = conv(y, 'b%d_2' % block, 1024, 1024, 3, shared='block_w')
        y = style(y, 's%d_2' % block, 1024)
        nodes.append(node('Add', [x, y], ['r%d' % block]))
        x = 'r%d' % block
    x = conv(enlarge(x, 'u1'), 'd1', 1024, 512, 3)
    x = conv(enlarge(x, 'u2'), 'd2', 512, 256, 3)
    x = conv(x, 'd3', 256, 128, 3)
    constants.append(weights('last_w', 3, 128, 7, 7))
    nodes.append(node('Conv', [x, 'last_w'], ['trace'], kernel_shape=[7, 7], pads=[3, 3, 3, 3]))
    constants.append(tensor('tiny', [1], [0.02]))
    nodes.append(node('Tanh', ['trace'], ['bounded']))
    nodes.append(node('Mul', ['bounded', 'tiny'], ['little']))
    nodes.append(node('Add', ['target', 'little'], ['output']))
    constants.append(weights('matrix', 512, 512))  # the last initializer: the embedding's own map
    return model(nodes, [value('target', [1, 3, 128, 128]), value('source', [1, 512])], [value('output', [1, 3, 128, 128])], constants)


data = build()
with open(sys.argv[1] + '.onnx', 'wb') as file:
    file.write(data)
with open(sys.argv[1] + '.hash', 'w') as file:
    file.write('%08x' % zlib.crc32(data))
