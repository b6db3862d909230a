"""The model store: download, verification, licenses, against a server that misbehaves on demand."""
import contextlib
import http.server
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import zlib

import harness
from harness import FUSIOND, PATIENCE, Skip

MODEL, FILE = 'real_esrgan_x2', 'real_esrgan_x2.onnx'  # a free license, no file of its own is needed for the tests
BYTES = random.Random(1).randbytes(300000)
ROOM = '/models-3.0.0/'


def crc(data):
    return b'%08x' % zlib.crc32(data)


class Mirror:
    """Serves files; `plan` is a list of faults, one for each GET of a model file, then it behaves."""

    def __init__(self, files, plan=(), ranges=True):
        self.files, self.plan, self.ranges, self.requests = files, list(plan), ranges, []
        self.lock = threading.Lock()
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *unused):
                pass

            def do_GET(self):
                mirror.answer(self)
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.server.server_port

    def answer(self, handler):
        data = self.files.get(handler.path)
        wanted = handler.headers.get('Range')
        with self.lock:
            self.requests.append((handler.path, wanted))
            fault = self.plan.pop(0) if self.plan and data is not None and not handler.path.endswith('.hash') else None
        start = int(wanted[6:-1]) if wanted and self.ranges else 0
        handler.close_connection = True
        if data is None or fault == 404:
            return self.reply(handler, 404, b'nothing here')
        if fault == 500:
            return self.reply(handler, 500, b'')
        if start >= len(data) and start > 0:
            return self.reply(handler, 416, b'')
        body = data[start:]
        status = 206 if wanted and self.ranges else 200
        headers = {'Content-Range': 'bytes %d-%d/%d' % (start, len(data) - 1, len(data))} if status == 206 else {}
        if fault == 'wrong':
            return self.reply(handler, status, bytes(len(body)), headers)
        if fault == 'lie_range':
            headers = {'Content-Range': 'bytes 0-%d/%d' % (len(data) - 1, len(data))}
            return self.reply(handler, 206, data, headers)
        if isinstance(fault, tuple):  # ('cut', bytes), ('long', extra), ('short', bytes)
            kind, amount = fault
            if kind == 'cut':
                return self.reply(handler, status, body[:amount], headers, len(body))
            if kind == 'long':
                return self.reply(handler, status, body, headers, len(body) + amount)
            if kind == 'short':
                return self.reply(handler, status, body, headers, len(body) - amount)
            if kind == 'hang':
                self.reply(handler, status, body[:amount], headers, len(body))
                return time.sleep(30)
            if kind == 'slow':
                self.reply(handler, status, body[:amount], headers, len(body))
                return time.sleep(amount and 20)
        self.reply(handler, status, body, headers)

    def reply(self, handler, status, body, headers=(), length=None):
        with contextlib.suppress(OSError):
            handler.send_response(status)
            for name, value in dict(headers).items():
                handler.send_header(name, value)
            handler.send_header('Content-Length', str(len(body) if length is None else length))
            handler.send_header('Connection', 'close')
            handler.end_headers()
            handler.wfile.write(body)
            handler.wfile.flush()


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix='fus-models-')
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def command(verb, models, *words, url=None, **options):
    line = [FUSIOND, 'models', verb, *words, '--models-dir', models, '--data-dir', os.path.join(models, 'data')]
    if url is not None:
        line += ['--set', 'models.base_urls=' + url, '--set', 'models.stall_timeout=1s']
    return subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * PATIENCE, **options)


def files_of(data=BYTES):
    return {ROOM + FILE: data, ROOM + FILE.replace('.onnx', '.hash'): crc(data)}


def command_line(*words):
    return subprocess.run([FUSIOND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * PATIENCE)


def pull(mirror, models, *more, **options):
    return command('pull', models, MODEL, '--only', *more, url=mirror.url, **options)


def content(models, name=FILE):
    path = os.path.join(models, name)
    if not os.path.exists(path):
        return None
    with open(path, 'rb') as file:
        return file.read()


def installed(answer, models):
    assert answer.returncode == 0, answer
    assert content(models) == BYTES
    assert content(models, FILE + '.part') is None
    assert content(models, FILE.replace('.onnx', '.hash')) == crc(BYTES)


def test_plain():
    """a model comes with its .hash and is verified"""
    with Mirror(files_of()) as mirror, folder() as models:
        installed(pull(mirror, models), models)
        assert command('verify', models, MODEL).returncode == 0
        again = pull(mirror, models, '--json')
        assert json.loads(again.stdout)['models'][0]['result'] == 'present'
        assert len(mirror.requests) == 2, mirror.requests
        rows = json.loads(command('list', models, '--installed', '--role', 'frame_enhancer', '--json').stdout)['models']
        assert [(r['id'], r['state'], r['bytes']) for r in rows] == [(MODEL, 'verified', len(BYTES))]


def test_cut_at_every_tenth():
    """a download cut at every tenth is resumed to the end"""
    tenth = len(BYTES) // 10
    with Mirror(files_of(), [('cut', tenth)] * 9) as mirror, folder() as models:
        installed(pull(mirror, models), models)
        ranges = [r for path, r in mirror.requests if path.endswith('.onnx')]
        assert ranges == [None] + ['bytes=%d-' % (tenth * i) for i in range(1, 10)], ranges


def test_killed_and_resumed():
    """a download that was interrupted goes on with the next pull"""
    with Mirror(files_of(), [('hang', 120000)]) as mirror, folder() as models:
        line = [FUSIOND, 'models', 'pull', MODEL, '--only', '--models-dir', models, '--data-dir', models + '/data',
                '--set', 'models.base_urls=' + mirror.url, '--set', 'models.stall_timeout=30s']
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        part = os.path.join(models, FILE + '.part')
        harness.wait_for(lambda: os.path.exists(part) and os.path.getsize(part) == 120000, 10, 'a part')
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20 * PATIENCE)
        assert process.returncode == 130, process.returncode
        assert content(models) is None
        installed(pull(mirror, models), models)
        assert ('%s%s' % (ROOM, FILE), 'bytes=120000-') in mirror.requests


def test_no_ranges():
    """a server without ranges is asked from the start"""
    with Mirror(files_of(), [('cut', 100000), ('cut', 150000)], ranges=False) as mirror, folder() as models:
        installed(pull(mirror, models), models)


def test_lies():
    """lies about length, ranges and content end in the right file"""
    for plan in ([('long', 5000)] * 3, [('short', 5000)], ['wrong'], [('cut', 50000), 'lie_range'], [500, 500],
                 [('cut', 50000), 'wrong'], [('hang', 1000)], [('cut', 0)]):
        with Mirror(files_of(), plan) as mirror, folder() as models:
            # a second prefix: the same server again, for faults that are not tried again at one place
            answer = command('pull', models, MODEL, '--only', url=mirror.url + ' ' + mirror.url + '/{release}/./{file}')
            mirror.files[ROOM + './' + FILE] = BYTES
            if answer.returncode != 0:
                answer = pull(mirror, models)
            installed(answer, models)


def test_never_right():
    """what stays wrong is refused with the reason, and nothing is left"""
    for plan, word in ((['wrong'] * 50, '.hash'), ([('short', 5000)] * 50, '.hash'), ([404] * 50, '404')):
        with Mirror(files_of(), plan) as mirror, folder() as models:
            answer = pull(mirror, models)
            assert answer.returncode == 1, answer
            assert word in answer.stderr.decode(), answer
            assert content(models) is None and content(models, FILE + '.part') is None
    with Mirror({ROOM + FILE: BYTES}) as mirror, folder() as models:
        answer = pull(mirror, models)
        assert answer.returncode == 1 and 'no .hash' in answer.stderr.decode(), answer
    with Mirror({ROOM + FILE: BYTES, ROOM + FILE.replace('.onnx', '.hash'): b'<html>'}) as mirror, folder() as models:
        answer = pull(mirror, models)
        assert answer.returncode == 1 and 'hexadecimal' in answer.stderr.decode(), answer


def test_next_place():
    """the next place is tried, a folder too"""
    with Mirror({}) as dead, folder() as models, folder() as disk:
        for name, data in files_of().items():
            os.makedirs(os.path.dirname(disk + name), exist_ok=True)
            with open(disk + name, 'wb') as file:
                file.write(data)
        installed(command('pull', models, MODEL, '--only', url=dead.url + ' ' + disk), models)


def test_two_pulls():
    """two pulls at once do not meet"""
    with Mirror(files_of(), [('cut', 100000)]) as mirror, folder() as models:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(pull(mirror, models))) for _ in range(2)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert [a.returncode for a in answers] == [0, 0], answers
        installed(answers[0], models)


def test_full_disk():
    """a full disk is said, and no half file is in place"""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
    with Mirror(files_of()) as mirror, folder() as models:
        answer = pull(mirror, models, preexec_fn=limit)
        assert answer.returncode == 1 and 'the disk is full' in answer.stderr.decode(), answer
        assert content(models) is None
        installed(pull(mirror, models), models)


def test_licenses():
    """licenses are shown, asked for, and obeyed"""
    with Mirror({}) as mirror, folder() as models:
        answer = command('pull', models, 'inswapper_128', url=mirror.url)
        text = answer.stderr.decode()
        assert answer.returncode == 1 and '--accept-license' in text, answer
        for needed in ('inswapper_128', 'yolo_face', '2dfan4', 'fan_68_5', 'arcface', 'nsfw_1', 'nsfw_2', 'nsfw_3'):
            assert '\n%s (' % needed in '\n' + text, (needed, text)
        assert mirror.requests == []
        answer = command('pull', models, 'inswapper_128', '--accept-license', '--set', 'policy.commercial=true', url=mirror.url)
        assert answer.returncode == 1 and 'model_license_blocked' in answer.stderr.decode(), answer
        assert mirror.requests == []
        assert command('pull', models, 'inswaper_128', url=mirror.url).returncode == 1
        assert command('pull', models, url=mirror.url).returncode == 2


def test_verify_and_rm():
    """damage is found, a removed model is gone"""
    with Mirror(files_of()) as mirror, folder() as models:
        installed(pull(mirror, models), models)
        with open(os.path.join(models, FILE), 'r+b') as file:
            file.seek(1000)
            file.write(b'?')
        answer = command('verify', models)
        assert answer.returncode == 1 and answer.stdout.startswith(b'bad'), answer
        installed(pull(mirror, models), models)
        assert command('rm', models, MODEL).returncode == 0
        assert content(models) is None and content(models, FILE.replace('.onnx', '.hash')) is None
        assert command('rm', models, MODEL).returncode == 1
        assert command('verify', models, MODEL).returncode == 1


def test_add():
    """a file is added only if its tensors are those of the row"""
    detector = os.path.join(harness.ROOT, 'models', 'face_detector.onnx')
    with folder() as models:
        answer = command('add', models, detector, '--id', 'inswapper_128')
        assert answer.returncode == 1 and b'manifest row' in answer.stderr, answer
        junk = os.path.join(models, 'inswapper_128.txt')
        with open(junk, 'w') as file:
            file.write('no net')
        assert command('add', models, junk, '--id', 'inswapper_128').returncode == 1
        assert content(models, 'inswapper_128.onnx') is None
        assert command('add', models, detector).returncode == 1
        stand_in = os.path.join(os.environ.get('FUS_PARITY_DIR', os.path.join(harness.SHARED, 'parity')), 'models', 'inswapper_128.onnx')
        if not os.path.exists(stand_in):
            raise Skip('no stand-in models in the shared folder')
        assert command('add', models, stand_in).returncode == 0
        assert command('verify', models, 'inswapper_128').returncode == 0
        assert not os.path.exists(os.path.join(models, 'inswapper_128.hash'))


def test_jobs_and_api():
    """the API and doctor show states; what the policy forbids or what is damaged does not run"""
    with folder() as models:
        with open(os.path.join(models, 'hyperswap_1a_256.onnx'), 'wb') as file:
            file.write(BYTES)
        with open(os.path.join(models, 'hyperswap_1a_256.hash'), 'wb') as file:
            file.write(b'00000000')
        with harness.Server('--models-dir', models, '--set', 'policy.commercial=true') as server:
            rows = {r['id']: r for r in server.get('/api/v1/models').json['models'] if r['role'] == 'face_swapper'}
            assert rows['hyperswap_1a_256']['state'] == 'unverified' and rows['hyperswap_1a_256']['installed']
            assert rows['ghost_1_256']['needs'] == ['embedding_converter/crossface_ghost']
            assert rows['mesh_blend']['state'] == 'built_in'
        doctor = command_line('doctor', '--models-dir', models, '--data-dir', models + '/data')
        text = doctor.stdout.decode()
        assert 'hyperswap_1a_256 works with content_analyser/nsfw_1, which is missing' in text, text
        assert 'fusiond models pull hyperswap_1a_256' in text, text
        picture = next(e.path for e in os.scandir(os.path.join(harness.ROOT, 'docs', 'images')) if e.name.endswith(('.png', '.jpg')))
        named = ['run', '-s', picture, '-t', picture, '-o', os.path.join(models, 'out.png'), '--processors', 'face_swapper',
                 '--face-swapper-model', 'hyperswap_1a_256', '--models-dir', models, '--data-dir', models + '/data']
        blocked = command_line(*named, '--set', 'policy.commercial=true')
        assert blocked.returncode != 0 and 'commercial' in blocked.stderr.decode(), blocked


def test_docs():
    """docs/MODELS.md tells each model's license as the manifest does"""
    with open(os.path.join(harness.ROOT, 'docs', 'MODELS.md')) as file:
        page = file.read()
    with open(os.path.join(harness.ROOT, 'models', 'manifest.json')) as file:
        manifest = json.load(file)
    for row in manifest['models']:
        line = '| %s | %s | %s | %s | %s |' % (row['id'], row['role'], row['license'], row.get('vendor', ''),
                                               'yes' if row['commercial_use'] else 'no')
        assert line in page, line


if __name__ == '__main__':
    harness.main(globals())
