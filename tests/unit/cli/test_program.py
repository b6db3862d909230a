"""The program's command line, with the real binary: usage, exit codes, files that appear or don't."""
import contextlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'e2e'))
import harness  # noqa: E402
from harness import FUSIOND, ROOT, Server, head_clip, head_still, scene_still  # noqa: E402


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix='fus-cli-')
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def fusiond(*arguments, **environment):
    """Exit status, stdout, stderr; the surrounding environment has no say."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith('FUSIOND_')}
    clean['HOME'] = '/nonexistent'
    for name in ('XDG_CONFIG_HOME', 'XDG_DATA_HOME'):
        clean.pop(name, None)
    clean.update(environment)
    done = harness.run(FUSIOND, *arguments, env=clean)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(arguments, status, *texts, **environment):
    """The exit status, and that each text stands in what was printed for people."""
    code, out, err = fusiond(*arguments, **environment)
    assert code == status, (arguments, code, out[-500:], err[-500:])
    for text in texts:
        assert text in out + err, (arguments, text, out[-500:], err[-500:])
    return out


def test_help():
    """every command has help, and the wrong word gets a near one and status 2"""
    expect(['--help'], 0, 'serve', 'run', 'jobs', 'doctor')
    assert 'worker-child' not in expect(['help'], 0)
    for command in (['serve'], ['run'], ['jobs'], ['doctor'], ['params'], ['version'], ['jobs', 'submit'], ['jobs', 'list'],
                    ['jobs', 'watch'], ['jobs', 'result'], ['jobs', 'cancel']):
        expect(command + ['--help'], 0, 'Usage: fusiond ' + ' '.join(command))
        expect(command + ['-h'], 0)
    expect([], 2, 'a command is needed')
    expect(['srve'], 2, 'there is no command "srve"; did you mean serve?')
    expect(['jobs', 'sumbit'], 2, 'did you mean submit?')
    expect(['jobs'], 2)
    expect(['worker-child'], 2, 'for `fusiond serve` alone')


def test_version():
    """version prints name and version"""
    assert expect(['version'], 0).startswith('fusiond ')
    assert expect(['--version'], 0) == expect(['version'], 0)
    expect(['version', 'x'], 2)


def test_parameters_page():
    """docs/PARAMETERS.md is what `fusiond params --markdown` prints"""
    with open(os.path.join(ROOT, 'docs', 'PARAMETERS.md')) as file:
        assert file.read() == expect(['params', '--markdown'], 0), 'run build/fusiond params --markdown >docs/PARAMETERS.md'
    schema = json.loads(expect(['params', '--json'], 0))
    assert schema['properties']['face_mask_blur']['maximum'] == 1
    assert schema['properties']['lip_syncer_weight']['x-status'] == 'later'
    expect(['params'], 0, '[face_detector]', 'not in this version')


def test_run_usage():
    """run: what is not right on the command line is status 2, all values at once"""
    donor, target = head_still(1), head_still(5)
    files = ['-s', donor, '-t', target]
    with folder() as out:
        good = files + ['-o', os.path.join(out, 'a.png')]
        expect(['run', '-s', donor, '-t', target], 2, '-o, --output-path is needed')
        expect(['run'] + files + ['-o', os.path.join(out, 'a.xyz')], 2, '.webp')
        expect(['run'] + files + ['-o', os.path.join(out, 'a.gif')], 2, '256 colours')
        expect(['run'] + good + ['--face-mask-blurr', '1'], 2, 'did you mean --face-mask-blur?')
        expect(['run'] + good + ['--face-mask', '1'], 2, 'there is no option --face-mask')
        expect(['run'] + good + ['stray'], 2, 'files are named by -s, -t and -o')
        expect(['run'] + good + ['--face-mask-blur', '2', '--face-selector-mode', 'al'], 2, '--face-mask-blur: face_mask_blur must be',
               '--face-selector-mode:')
        expect(['run'] + good + ['--lip-syncer-weight', '0.7'], 2, 'does not act on it yet')
        expect(['run'] + good + ['--output-quality', '90', '--output-image-quality', '80'], 2, 'disagree')
        expect(['run'] + good + ['--set', 'worker.thread=1'], 2, 'did you mean worker.threads?')
        expect(['run'] + good + ['--set', 'nothing'], 2, 'SECTION.KEY=VALUE')
        assert os.listdir(out) == []


def test_run_refuses_inputs():
    """run: an input is never overwritten, whatever name it has; what isn't there is status 1"""
    donor = head_still(1)
    with folder() as out:
        target = os.path.join(out, 't.png')
        shutil.copyfile(head_still(5), target)
        os.link(target, os.path.join(out, 'link.png'))
        os.symlink(target, os.path.join(out, 'symlink.png'))
        with open(target, 'rb') as file:
            before = file.read()
        for name in ('t.png', 'link.png', 'symlink.png'):
            expect(['run', '-s', donor, '-t', target, '-o', os.path.join(out, name)], 2, 'would be overwritten')
        expect(['run', '-s', target, '-t', donor, '-o', target], 2, 'would be overwritten')
        expect(['run', '-s', donor, '-t', os.path.join(out, 'none.png'), '-o', os.path.join(out, 'a.png')], 1, 'no such file')
        expect(['run', '-s', donor, '-t', target, '-o', os.path.join(out, 'none', 'a.png')], 1, 'no such folder')
        with open(target, 'rb') as file:
            assert file.read() == before
        assert sorted(os.listdir(out)) == ['link.png', 'symlink.png', 't.png']


def test_run():
    """run: a still and a clip are swapped; --json is the result; plain progress without a terminal"""
    with folder() as out:
        still, clip = os.path.join(out, 'a.png'), os.path.join(out, 'a.mp4')
        code, text, err = fusiond('run', '-s', head_still(1), '-t', head_still(5), '-o', still, '--json')
        assert code == 0, err
        result = json.loads(text)
        assert result['output_path'] == still and result['faces_changed'] == 1 and result['warnings'] == [], result
        assert os.path.getsize(still) == result['bytes']
        assert '100% done' in err and '\r' not in err, err
        code, text, err = fusiond('run', '--source-paths', head_still(1), head_still(3), '--target-path', head_clip(seconds=0.4), '--output-path', clip,
                                  '--temp-directory', 'x', '-q')
        assert code == 0 and '10 frames' in text, (text, err)
        assert err == '', err
        assert sorted(os.listdir(out)) == ['a.mp4', 'a.png']


def test_run_passthrough():
    """run: without processors the picture comes back bit for bit"""
    with folder() as out:
        path = os.path.join(out, 'a.png')
        expect(['run', '-t', head_still(5), '-o', path, '--processors', ''], 0)
        assert harness.pixels(path) == harness.pixels(head_still(5))


def test_run_fails():
    """run: a job that fails is status 1, with its code in JSON, and leaves the old output as it was"""
    with folder() as out:
        path = os.path.join(out, 'a.png')
        with open(path, 'w') as file:
            file.write('old')
        code, text, err = fusiond('run', '-s', head_still(1), '-t', scene_still(), '-o', path, '--json', '-q')
        assert code == 1 and json.loads(text)['error']['code'] == 'no_face_in_target', (code, text, err)
        code, text, err = fusiond('run', '-s', head_still(1), '-t', head_still(5), '-o', path, '--face-swapper-model', 'inswapper_128', '--json')
        assert code == 1 and json.loads(text)['error']['code'] == 'model_not_found', (code, text, err)
        with open(path) as file:
            assert file.read() == 'old'
        assert os.listdir(out) == ['a.png']


def test_run_interrupted():
    """run: Ctrl-C ends with 130 and no file is left"""
    with folder() as out:
        process = subprocess.Popen([FUSIOND, 'run', '-s', head_still(1), '-t', head_clip(seconds=4, size='640x480'), '-o', os.path.join(out, 'a.mp4')],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if b'frame ' in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130, rest
        assert os.listdir(out) == []


def test_doctor():
    """doctor: settings with their origins, secrets hidden; what is broken says how it is mended"""
    with folder() as data:
        ini = os.path.join(data, 'a.ini')
        with open(ini, 'w') as file:
            file.write('[retention]\nresults = 48h\n')
        base = ['doctor', '--data-dir', data, '--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0']
        out = expect(base + ['--config', ini], 0, 'ONNX Runtime', 'libx264', ini + ':2', 'environment FUSIOND_WORKER_THREADS', 'flag --data-dir',
                     '(set)', '0 broken', FUSIOND_AUTH_API_KEY='very_secret', FUSIOND_WORKER_THREADS='3')
        assert 'very_secret' not in out
        expect(base, 1, 'broken', '->', '1 broken', FUSIOND_INFERENCE_LIBRARY='/nonexistent.so')
        expect(base + ['--listen', '0.0.0.0:0'], 1, 'is not loopback, and there is no key')
        expect(base + ['--set', 'storage.min_free_bytes=8000T'], 1, 'less than the floor')
        expect(base, 0, "the environment's FUSIOND_SERVER_LSTEN is not a setting", FUSIOND_SERVER_LSTEN='x')
        with open(ini, 'w') as file:
            file.write('[retention]\nresult = 48h\n')
        expect(base + ['--config', ini], 2, ini + ':2', 'did you mean retention.results?')


def test_serve_refuses():
    """serve: a wrong setting is status 2; an address or a data directory in use is status 1"""
    expect(['serve', '--listen', 'nonsense'], 2, 'server.listen must be an address')
    expect(['serve', 'now'], 2)
    expect(['serve', '--config', '/nonexistent.ini'], 2, 'no such file')
    with Server() as server:
        flags = ['serve', '--metrics-listen', '', '--listen']
        expect(flags + ['127.0.0.1:0', '--data-dir', server.data], 1, "fusiond can't start")
        with folder() as data:
            expect(flags + ['127.0.0.1:%d' % server.port, '--data-dir', data], 1, "fusiond can't start")
            expect(flags + ['0.0.0.0:0', '--data-dir', data], 1, "fusiond can't start")
        expect(['doctor', '--data-dir', server.data, '--listen', '127.0.0.1:%d' % server.port, '--metrics-listen', ''], 0, 'a server is running')
        assert server.stop() == 0


def test_jobs():
    """jobs: submit prints the id, watch follows, result fetches the whole file, list and cancel answer"""
    with Server() as server, folder() as out:
        at = ['--server', 'http://127.0.0.1:%d/' % server.port]
        path = os.path.join(out, 'a.png')
        job_id = expect(['jobs', 'submit', '-s', head_still(1), '-t', head_still(5)] + at, 0).strip()
        assert expect(['jobs', 'watch', job_id] + at, 0) == job_id + ' completed\n'
        expect(['jobs', 'result', job_id, '-o', path] + at, 0)
        job = server.job(job_id)
        assert os.path.getsize(path) == job['output']['bytes'] and os.listdir(out) == ['a.png']
        expect(['jobs', 'cancel', job_id] + at, 1, 'already completed')
        donor, target = server.put_input(head_still(1)), server.put_input(head_clip(seconds=0.4))
        text = expect(['jobs', 'submit', '--by-path', '-s', donor, '-t', target, '-o', os.path.join(out, 'b.mkv'), '--priority', '7', '--json',
                       '--fps', '20'] + at, 0)
        job = json.loads(text)
        assert job['status'] == 'completed' and job['priority'] == 7 and job['output']['container'] == 'mkv', job
        assert os.path.getsize(os.path.join(out, 'b.mkv')) == job['output']['bytes']
        lines = expect(['jobs', 'list'] + at, 0).splitlines()
        assert len(lines) == 2 and lines[1].startswith(job_id), lines
        assert expect(['jobs', 'list', '--status', 'failed'] + at, 0) == ''
        long_id = expect(['jobs', 'submit', '-s', head_still(1), '-t', head_clip(seconds=4, size='640x480')] + at, 0).strip()
        expect(['jobs', 'cancel', long_id] + at, 0, 'cancelled')
        expect(['jobs', 'watch', long_id] + at, 1, 'cancelled')


def test_jobs_fail():
    """jobs: what the server refuses and what fails is told in full, status 1; nothing is left behind"""
    with Server() as server, folder() as out:
        at = ['--server', 'http://127.0.0.1:%d' % server.port]
        submit = ['jobs', 'submit', '-s', head_still(1), '-t']
        code, text, err = fusiond(*submit, scene_still(), '-o', os.path.join(out, 'a.png'), *at)
        assert code == 1 and 'failed' in err, (text, err)
        job_id = text.split()[0]
        expect(['jobs', 'result', job_id, '-o', os.path.join(out, 'a.png')] + at, 1, 'failed')
        expect(submit + [head_still(5), '--face-swapper-model', 'inswapper_128'] + at, 1, 'is not installed')
        expect(submit + [head_still(5), '--face-mask-blur', '3'] + at, 2, '--face-mask-blur')
        expect(submit + ['/nonexistent.png'] + at, 1, "can't be read")
        expect(['jobs', 'watch', 'job_20200101_0000000000000'] + at, 1)
        expect(['jobs', 'watch', '../x'] + at, 2, 'is not the id of a job')
        expect(['jobs', 'watch'] + at, 2, 'the id of a job is needed')
        expect(['jobs', 'result', job_id] + at, 2, '-o, --output-path is needed')
        assert os.listdir(out) == []
    expect(['jobs', 'list', '--server', 'http://127.0.0.1:1'], 1, "can't be reached")
    expect(['jobs', 'list', '--server', 'ftp://x'], 1, 'http://')


def test_jobs_key():
    """jobs: the key comes from the environment or a flag"""
    with Server(environment={'FUSIOND_AUTH_API_KEY': 'fus_k'}) as server:
        server.key = 'fus_k'
        at = ['jobs', 'list', '--server', 'http://127.0.0.1:%d' % server.port]
        expect(at, 1)
        expect(at, 0, FUSIOND_API_KEY='fus_k')
        expect(at, 0, FUSIOND_AUTH_API_KEY='fus_k')
        expect(at + ['--api-key', 'fus_k'], 0)
        expect(at + ['--api-key', 'wrong'], 1)


class Liar(http.server.BaseHTTPRequestHandler):
    """A server whose results break off, or are not what the job says."""
    bodies = {'/files/short': (10, b'12345'), '/files/other': (5, b'12345')}

    def do_GET(self):
        name = self.path.rsplit('/', 1)[1]
        if self.path.startswith('/api/'):
            body = json.dumps({'job_id': name, 'status': 'completed', 'result_url': '/files/' + name, 'output': {'bytes': 10}}).encode()
            promised = len(body)
        else:
            promised, body = self.bodies[self.path]
        self.send_response(200)
        self.send_header('Content-Length', str(promised))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *unused):
        pass


def test_jobs_result_is_whole():
    """jobs: a result that breaks off or is not what the job says never appears"""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Liar)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with folder() as out:
            path = os.path.join(out, 'a.png')
            with open(path, 'w') as file:
                file.write('old')
            at = ['-o', path, '--server', 'http://127.0.0.1:%d' % server.server_port]
            expect(['jobs', 'result', 'short'] + at, 1, 'broke off')
            expect(['jobs', 'result', 'other'] + at, 1, '5 bytes came instead of 10')
            with open(path) as file:
                assert file.read() == 'old'
            assert os.listdir(out) == ['a.png']
    finally:
        server.shutdown()
        server.server_close()


def test_watch_survives_a_restart():
    """jobs: watch waits for a server that is away for a moment, and can be interrupted with 130"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_clip(seconds=4, size='640x480'))
        job_id = server.submit({'source_images': [donor], 'target_video': target})
        process = subprocess.Popen([FUSIOND, 'jobs', 'watch', job_id, '--server', 'http://127.0.0.1:%d' % server.port],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stderr.readline()  # the first progress: signals are watched from here on
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130 and b'the job goes on' in err, err
        port = server.port
        server.kill()
        process = subprocess.Popen([FUSIOND, 'jobs', 'watch', job_id, '--server', 'http://127.0.0.1:%d' % port], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        server.flags += ['--listen', '127.0.0.1:%d' % port]
        server.start()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0 and out.decode() == job_id + ' completed\n', (out, err)


if __name__ == '__main__':
    harness.main(globals())
