"""A real fusiond server, its client and TAP output for the end-to-end tests. Standard library only.

Each test file ends with harness.main(globals()): every function test_* is one TAP line, its docstring the name.
A server gets a data directory of its own and free ports on loopback, and is ended by its process id."""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
BUILD = os.path.abspath(os.environ.get('FUS_BUILD', os.path.join(ROOT, 'build')))
FUSIOND = os.path.join(BUILD, 'fusiond')
PORTRAITS = os.path.join(BUILD, 'tools', 'portraits')
SHARED = os.environ.get('FUS_SHARED_DIR', os.path.join(ROOT, '..', 'shared'))
MEDIA = os.environ.get('FUS_MEDIA_DIR', os.path.join(SHARED, 'media'))
# Sanitized builds are several times slower; waiting longer changes no assertion.
PATIENCE = float(os.environ.get('FUS_PATIENCE', '1'))
TERMINAL = ('completed', 'failed', 'cancelled', 'rejected', 'expired')
FIXED_KEYS = ['job_id', 'status', 'progress', 'step', 'estimated_finish_time', 'created_at', 'updated_at',
              'result_url', 'error_message']


class Skip(Exception):
    """The test cannot run here; the text says what is missing."""


def media(name):
    """A file of the shared media folder."""
    path = os.path.join(MEDIA, name)
    if not os.path.exists(path):
        raise Skip('no %s in the shared media folder' % name)
    return path


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * PATIENCE, **options)


def children(pid):
    """Process ids of the children of pid."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError):
                with open('/proc/%s/stat' % entry) as file:
                    fields = file.read().rsplit(')', 1)[1].split()
                if int(fields[1]) == pid and fields[0] != 'Z':
                    found.append(int(entry))
    return found


def alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError('%s: not within %g s' % (what, seconds * PATIENCE))


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return '%d %s' % (self.status, self.body[:600])


class Server:
    """A running fusiond serve. `with Server() as server:`"""

    def __init__(self, *flags, environment=None, data=None):
        self.own_data = data is None
        self.data = data or tempfile.mkdtemp(prefix='fus-e2e-')
        self.input = os.path.join(self.data, 'input')
        os.makedirs(self.input, exist_ok=True)
        self.flags = list(flags)
        self.environment = dict(os.environ, **(environment or {}))
        self.log_path = os.path.join(self.data, 'server.log')
        self.process = None
        self.key = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def start(self):
        with open(self.log_path, 'ab') as log:
            before = log.tell()
            self.process = subprocess.Popen(
                [FUSIOND, 'serve', '--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0', '--data-dir', self.data] + self.flags,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                # under nohup an ignored SIGHUP would be inherited
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        self.port = self.metrics_port = None

        def ready():
            if self.process.poll() is not None:
                raise AssertionError('the server ended with %d: %s' % (self.process.returncode, self.log(before)[-2000:]))
            for line in self.log(before).splitlines():
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if 'port' in entry:
                        self.port = entry['port']
                        self.metrics_port = entry.get('metrics_port')
            return self.port and self.get('/readyz').status == 200
        wait_for(ready, 30, 'the server is ready')

    def log(self, start=0):
        with open(self.log_path, errors='replace') as file:
            file.seek(start)
            return file.read()

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30 * PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def workers(self):
        return children(self.process.pid)

    # --- HTTP
    def request(self, method, path, body=None, headers=None, port=None):
        headers = dict(headers or {})
        if self.key:
            headers.setdefault('Authorization', 'Bearer ' + self.key)
        connection = http.client.HTTPConnection('127.0.0.1', port or self.port, timeout=60 * PATIENCE)
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request('GET', path, headers={k.replace('_', '-'): v for k, v in headers.items()})

    def post_json(self, path, value, headers=None):
        body = value if isinstance(value, (bytes, str)) else json.dumps(value)
        return self.request('POST', path, body, dict({'Content-Type': 'application/json'}, **(headers or {})))

    def post_files(self, path, files, request=None):
        """files: [(part name, path)], request: the JSON of part `request`."""
        boundary = 'fus-e2e-boundary'
        parts = []
        if request is not None:
            parts.append(b'Content-Disposition: form-data; name="request"\r\nContent-Type: application/json\r\n\r\n' + json.dumps(request).encode())
        for name, file_path in files:
            with open(file_path, 'rb') as file:
                parts.append(('Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: application/octet-stream\r\n\r\n'
                              % (name, os.path.basename(file_path))).encode() + file.read())
        body = b''.join(b'--' + boundary.encode() + b'\r\n' + part + b'\r\n' for part in parts) + b'--' + boundary.encode() + b'--\r\n'
        return self.request('POST', path, body, {'Content-Type': 'multipart/form-data; boundary=' + boundary})

    def put_input(self, path, name=None):
        """Copies a file into the first input root; the name to submit."""
        name = name or os.path.basename(path)
        shutil.copyfile(path, os.path.join(self.input, name))
        return name

    def job(self, job_id):
        answer = self.get('/api/v1/jobs/' + job_id)
        assert answer.status == 200, answer
        return answer.json

    def finish(self, job_id, seconds=60):
        """Waits for the terminal state; the job."""
        return wait_for(lambda: (lambda job: job['status'] in TERMINAL and job)(self.job(job_id)), seconds, 'job %s ends' % job_id)

    def submit(self, value, path='/api/v1/jobs'):
        answer = self.post_json(path, value)
        assert answer.status == 202, answer
        return answer.json['job_id']

    def result(self, job):
        """Bytes of a finished job's result, over its signed link."""
        link = urllib.parse.urlsplit(job['result_url'])
        answer = self.request('GET', link.path + '?' + link.query, headers={'Authorization': ''} if self.key else None)
        assert answer.status == 200, answer
        return answer


# --- sample media, made once for a test file
_made = {}


def _portraits(name, *arguments):
    if name not in _made:
        folder = _made.setdefault('', tempfile.mkdtemp(prefix='fus-e2e-media-'))
        path = os.path.join(folder, name)
        done = run(PORTRAITS, *arguments, '-o', path)
        assert done.returncode == 0, done.stderr.decode()
        _made[name] = path
    return _made[name]


def head_still(seed=1, suffix='png', yaw=0, size='384x384', eye_distance=70):
    return _portraits('head%d_%d_%s.%s' % (seed, yaw, size, suffix), 'still', '--seed', str(seed), '--yaw', str(yaw), '--size', size,
                      '--eye-distance', str(eye_distance))


def head_clip(seed=2, seconds=1.0, size='320x240', suffix='mp4', sound=True, people=1):
    return _portraits('clip%d_%g_%d_%s.%s' % (seed, seconds, people, size, suffix), 'clip', '--seed', str(seed), '--script', 'talking',
                      '--seconds', str(seconds), '--fps', '25', '--size', size, '--people', str(people), *(['--sound'] if sound else []))


def scene_still(suffix='png', size='160x120'):
    """A picture without a face."""
    return ffmpeg('scene_%s.%s' % (size, suffix), '-f', 'lavfi', '-i', 'testsrc2=size=%s:rate=1' % size, '-frames:v', '1')


def scene_clip(seconds=1, size='320x240', rate=25):
    """A clip without a face."""
    return ffmpeg('scene_%g_%s_%g.mp4' % (seconds, size, rate), '-f', 'lavfi', '-i', 'testsrc2=size=%s:rate=%g' % (size, rate), '-t', str(seconds),
                  '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p')


def ffmpeg(name, *arguments):
    if name not in _made:
        folder = _made.setdefault('', tempfile.mkdtemp(prefix='fus-e2e-media-'))
        path = os.path.join(folder, name)
        done = run('ffmpeg', '-nostdin', '-loglevel', 'error', '-y', *arguments, path)
        assert done.returncode == 0, done.stderr.decode()
        _made[name] = path
    return _made[name]


def pixels(path):
    """Raw RGB bytes of a still as ffmpeg decodes it."""
    done = run('ffmpeg', '-nostdin', '-loglevel', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-')
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def exif(path, *tags):
    done = run('exiftool', '-j', *tags, path)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)[0]


def main(names):
    tests = [(name, test) for name, test in names.items() if name.startswith('test_') and callable(test)]
    chosen = sys.argv[1:]
    if chosen:
        tests = [(name, test) for name, test in tests if name in chosen]
    print('1..%d' % len(tests), flush=True)
    failures = 0
    for number, (name, test) in enumerate(tests, 1):
        title = re.sub(r'\s+', ' ', (test.__doc__ or name).strip().split('\n')[0]).replace('#', '')
        try:
            test()
            print('ok %d - %s' % (number, title), flush=True)
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, title, reason), flush=True)
        except Exception:
            failures += 1
            print('not ok %d - %s' % (number, title), flush=True)
            for line in traceback.format_exc().splitlines():
                print('# ' + line[:2000], flush=True)
    if '' in _made:
        shutil.rmtree(_made[''], ignore_errors=True)
    sys.exit(1 if failures else 0)
