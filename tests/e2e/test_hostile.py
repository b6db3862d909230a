"""Bad input gets a clear answer and loses nothing."""
import json
import os
import socket
import struct
import zlib

import harness
from harness import Server, head_clip, head_still, scene_clip, scene_still

_server = None


def server():
    """One server for the whole file: it has to outlive everything that is sent to it."""
    global _server
    if _server is None:
        _server = Server()
        _server.__enter__()
        _server.put_input(head_still(1), 'donor.png')
        _server.put_input(head_still(5), 'target.png')
        _server.put_input(head_clip(seconds=0.4), 'clip.mp4')
    return _server


def write(name, data):
    with open(os.path.join(server().input, name), 'wb') as file:
        file.write(data)
    return name


def body(**changes):
    return dict({'source_images': ['donor.png'], 'target': 'target.png'}, **changes)


def fails(code, **changes):
    """The job is accepted and fails with this code, or is refused at once with it."""
    answer = server().post_json('/api/v1/jobs', body(**changes))
    if answer.status == 202:
        job = server().finish(answer.json['job_id'])
        assert job['status'] == 'failed', job
        assert job['error']['code'] == code, job['error']
        assert job['error_message'] == job['error']['detail'] and job['result_url'] is None, job
        problem = job['error']
    else:
        problem = answer.json
        assert problem['code'] == code, problem
        assert answer.headers['Content-Type'] == 'application/problem+json', answer.headers
    text = json.dumps(problem)
    assert server().data not in text and 'libav' not in text.lower(), text
    assert not [name for name in os.listdir(os.path.join(server().data, 'output'))]
    return problem


def png(width, height, data):
    def chunk(kind, content):
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)) + chunk(b'IDAT', data) + chunk(b'IEND', b'')


def test_truncated_still():
    """a truncated PNG is corrupt_media, never a half picture"""
    with open(head_still(5), 'rb') as file:
        data = file.read()
    fails('corrupt_media', target=write('cut.png', data[:len(data) * 2 // 3]))


def test_truncated_clip():
    """a truncated clip is corrupt_media"""
    with open(head_clip(seconds=0.4), 'rb') as file:
        data = file.read()
    fails('corrupt_media', target=write('cut.mp4', data[:len(data) // 2]))


def test_empty_file():
    """an empty file is unsupported_media"""
    fails('unsupported_media', target=write('empty.png', b''))


def test_wrong_type():
    """text named .jpg is unsupported_media, as a target and as a source"""
    name = write('notes.jpg', b'just some text\n' * 100)
    fails('unsupported_media', target=name)
    fails('unsupported_media', source_images=[name])


def test_other_formats_by_name():
    """HEIC, AVIF and GIF are refused by name"""
    for brand, word in ((b'heic', 'HEIC'), (b'avif', 'AVIF')):
        problem = fails('unsupported_media', target=write('x.' + word, b'\0\0\0\x18ftyp' + brand + b'\0\0\0\0' + b'mif1' + brand + b'\0' * 400))
        assert word in problem['detail'], problem
    assert 'FLV' in fails('unsupported_media', target=write('x.gif', b'FLV\1\5' + b'\0' * 100))['detail']
    assert 'GIF' in fails('corrupt_media', target=write('x.gif', b'GIF89a' + b'\x10\0\x10\0' + b'\0' * 100))['detail']


def test_huge_dimensions():
    """a header of 40000x40000 is refused before anything is allocated"""
    problem = fails('media_too_large', target=write('huge.png', png(40000, 40000, os.urandom(1 << 20))))
    assert '40000' in problem['detail'], problem


def test_bomb():
    """a small PNG that unpacks to very much is decompression_bomb"""
    compressor = zlib.compressobj(9)
    row = b'\0' * (1 + 3 * 16000)
    data = b''.join(compressor.compress(row) for _ in range(16000)) + compressor.flush()
    fails('decompression_bomb', target=write('bomb.png', png(16000, 16000, data)))


def test_playlist_named_mp4():
    """ffconcat text named .mp4 is refused and the file that it names is not opened"""
    fails('unsupported_media', target=write('list.mp4', b"ffconcat version 1.0\nfile '/etc/passwd'\nfile 'clip.mp4'\n"))


def test_no_faces():
    """a still and a clip without a face fail with no_face_in_target, faceless donors with no_face_in_source"""
    server().put_input(scene_still(), 'scene.png')
    server().put_input(scene_clip(0.5), 'scene.mp4')
    fails('no_face_in_target', target='scene.png')
    fails('no_face_in_target', target='scene.mp4')
    problem = fails('no_face_in_source', source_images=['scene.png'])
    assert problem['errors'][0]['pointer'] == '/source_images/0', problem
    problem = fails('no_face_in_source', source_images=['scene.png', 'scene.png'])
    assert problem['errors'][0]['pointer'] == '/source_images', problem


def test_pictures_without_faces():
    """the shared pictures without people fail with no_face_in_target"""
    for name in ('chelsea.png', 'coffee.png', 'rocket.jpg', 'kodim03.png', 'kodim23.png'):
        server().put_input(harness.media('images/' + name))
        fails('no_face_in_target', target=name)


def test_deep_json():
    """JSON of depth 10000 is a 400, not a crash"""
    for text in ('[' * 10000 + ']' * 10000, '{"metadata":' * 10000 + '1' + '}' * 10000):
        answer = server().post_json('/api/v1/jobs', text)
        assert answer.status == 400 and answer.json['code'] == 'invalid_request', answer


def test_broken_json():
    """broken, empty, duplicate-key and non-object bodies are 400 with a code"""
    for text in ('', '{', '{"a":1,}', '[]', '"x"', '{"target":"a","target":"b"}', '\x00', '{"a":"\ud800"}'.encode('utf-8', 'surrogatepass')):
        answer = server().post_json('/api/v1/jobs', text)
        assert answer.status == 400 and answer.json['code'] == 'invalid_request' and answer.json['request_id'], (text, answer)


def test_other_content_types():
    """other content types are 415"""
    answer = server().request('POST', '/api/v1/jobs', b'x=1', {'Content-Type': 'application/x-www-form-urlencoded'})
    assert answer.status == 415, answer


def test_two_gigabyte_length():
    """a Content-Length of 2 GB for JSON is refused at once, without reading a body"""
    with socket.create_connection(('127.0.0.1', server().port), timeout=20) as client:
        client.sendall(b'POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2147483648\r\n\r\n')
        head = client.recv(4096)
    assert head.startswith(b'HTTP/1.1 413'), head


def test_paths_that_leave():
    """../../etc/passwd, absolute paths outside, symlinks out of the root and devices are source_forbidden"""
    link = os.path.join(server().input, 'link.png')
    if not os.path.lexists(link):
        os.symlink('/etc/passwd', link)
    fifo = os.path.join(server().input, 'fifo.png')
    if not os.path.exists(fifo):
        os.mkfifo(fifo)
    for name in ('../../etc/passwd', '/etc/passwd', 'link.png', 'fifo.png', '/dev/zero', '../store.db', 'a/../../store.db'):
        problem = fails('source_forbidden', target=name)
        assert 'root:' not in json.dumps(problem)
    fails('source_fetch_failed', target='not-there.png')


def test_unknown_and_misspelt():
    """unknown and misspelt members and parameters are all reported at once, with the nearest name"""
    answer = server().post_json('/api/v1/jobs', body(
        priorty=3, parameters={'face_swapper_modle': 'mesh_blend', 'face_detector_score': 7, 'face_selector_mode': 'some', 'zzzzqqqq': 1}))
    assert answer.status == 422 and answer.json['code'] == 'invalid_parameter', answer
    found = {error['pointer']: error['detail'] for error in answer.json['errors']}
    assert set(found) == {'/priorty', '/parameters/face_swapper_modle', '/parameters/face_detector_score', '/parameters/face_selector_mode',
                          '/parameters/zzzzqqqq'}, found
    assert 'face_swapper_model' in found['/parameters/face_swapper_modle'], found
    assert 'priority' in found['/priorty'], found


def test_missing_model():
    """a model that is named but not installed is model_not_found, never a substitute"""
    fails('model_not_found', parameters={'face_swapper_model': 'inswapper_128'})
    fails('model_not_found', parameters={'face_detector': 'retinaface'})


def test_format_that_does_not_fit():
    """a still can't become an mp4 nor a clip a png, and a format without a place for the label is refused"""
    for target, output_format in (('target.png', 'mp4'), ('clip.mp4', 'png'), ('target.png', 'bmp'), ('target.png', 'exe')):
        answer = server().post_json('/api/v1/jobs', body(target=target, output_format=output_format))
        if answer.status == 202:
            job = server().finish(answer.json['job_id'])
            assert job['status'] == 'failed' and job['error']['code'] == 'invalid_parameter', job
        else:
            assert answer.status == 422 and answer.json['errors'][0]['pointer'] == '/output_format', answer


def test_unknown_routes_and_methods():
    """unknown routes are 404, wrong methods 405 with Allow, unknown jobs 404"""
    assert server().get('/api/v1/nothing').status == 404
    answer = server().request('PUT', '/api/v1/jobs')
    assert answer.status == 405 and 'POST' in answer.headers['Allow'], answer
    for job_id in ('job_20260101_0000000000000', 'x', '%2e%2e%2f', 'job_' + 'a' * 3000):
        assert server().get('/api/v1/jobs/' + job_id).status in (404, 414, 431), job_id
    assert server().get('/files/../store.db?expires=1&key=a&signature=b').status in (400, 403, 404)


def test_smuggling_probes():
    """conflicting lengths, a missing Host and broken request lines are refused and the connection closed"""
    probes = (b'POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
              b'POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
              b'GET /livez HTTP/1.1\r\n\r\n',
              b'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')
    for probe in probes:
        with socket.create_connection(('127.0.0.1', server().port), timeout=20) as client:
            client.sendall(probe)
            client.shutdown(socket.SHUT_WR)
            head = b''
            while chunk := client.recv(4096):
                head += chunk
        assert head.startswith((b'HTTP/1.1 400', b'HTTP/1.1 413', b'HTTP/1.1 411')) or head == b'', (probe, head)
        assert b'HTTP/1.1 200' not in head, (probe, head)


def test_broken_multipart():
    """multipart without an end, with a bad boundary or with unknown parts is a clear 4xx and leaves no file"""
    kind = 'multipart/form-data; boundary=b'
    for content, content_type in ((b'--b\r\nContent-Disposition: form-data; name="target"; filename="a.png"\r\n\r\nabc', kind),
                                  (b'', kind), (b'nonsense', kind), (b'--b--\r\n', 'multipart/form-data'),
                                  (b'--b\r\nContent-Disposition: form-data; name="whatever"; filename="a"\r\n\r\nabc\r\n--b--\r\n', kind)):
        answer = server().request('POST', '/api/v1/jobs', content, {'Content-Type': content_type})
        assert 400 <= answer.status < 500 and answer.json['code'], answer
    harness.wait_for(lambda: not os.listdir(os.path.join(server().data, 'temp')), 5, 'the parts of refused requests are removed')


def test_still_alive():
    """after all of that the server and the same worker still do a job, and no attempt crashed"""
    job = server().finish(server().submit(body()))
    assert job['status'] == 'completed', job
    text = server().request('GET', '/metrics', port=server().metrics_port).body.decode()
    assert 'worker_crashed' not in server().log(), [line for line in server().log().splitlines() if 'worker_crashed' in line][:3]
    assert server().stop() == 0, text
    server().__exit__()


if __name__ == '__main__':
    harness.main(globals())
