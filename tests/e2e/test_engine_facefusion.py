"""The engine facefusion against a stand-in that checks its arguments and misbehaves on demand."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import harness  # noqa: E402
import test_gate  # noqa: E402
from harness import FUSIOND, Server, alive, head_clip, head_still, wait_for  # noqa: E402


class FaceFusion:
    """A folder with the stand-in as facefusion.py."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='fus-second-')
        shutil.copyfile(os.path.join(HERE, 'fake_facefusion.py'), os.path.join(self.path, 'facefusion.py'))
        self.mode('')
        self.flags = ['--set', 'policy.gate=off'] + self.on()
        return self

    def on(self):
        return ['--set', 'engine.facefusion_path=' + self.path, '--set', 'engine.facefusion_python=' + sys.executable]

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)

    def mode(self, text):
        with open(os.path.join(self.path, 'mode'), 'w') as file:
            file.write(text)
        for name in ('calls', 'pids'):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self.path, name))

    def lines(self, name):
        try:
            with open(os.path.join(self.path, name)) as file:
                return file.read().splitlines()
        except OSError:
            return []

    def call(self):
        calls = self.lines('calls')
        assert len(calls) == 1, calls
        return json.loads(calls[0])

    def gone(self):
        pids = [int(pid) for pid in self.lines('pids')]
        assert pids
        return not any(alive(pid) for pid in pids)


def label(path):
    with open(path, 'rb') as file:
        return b'compositeWithTrainedAlgorithmicMedia' in file.read()


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix='fus-second-out-')
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(second, out, *arguments):
    done = harness.run(FUSIOND, 'run', '--engine', 'facefusion', '--data-dir', os.path.join(out, '.data'), *second.flags, *arguments, cwd=out)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_off():
    """off unless it is set: 422 that says how to turn it on, and status 2 on the command line"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
        request = {'source_images': [donor], 'target': target}
        answer = server.post_json('/api/v1/jobs', dict(request, engine='facefusion'))
        assert answer.status == 422 and answer.json['errors'][0]['pointer'] == '/engine', answer
        assert 'engine.facefusion_path' in answer.json['errors'][0]['detail'], answer
        answer = server.post_json('/api/v1/jobs', dict(request, engine='other'))
        assert answer.status == 422 and 'native' in answer.json['errors'][0]['detail'], answer
        answer = server.post_json('/api/v1/jobs', dict(request, parameters={'processors': ['lip_syncer'], 'lip_syncer_weight': 0.7}))
        assert answer.status == 422 and len(answer.json['errors']) == 2, answer
        assert all('engine: facefusion' in error['detail'] for error in answer.json['errors']), answer
        assert server.finish(server.submit(dict(request, engine='native')))['status'] == 'completed'
    with folder() as out:
        done = harness.run(FUSIOND, 'run', '--engine', 'facefusion', '-t', head_still(5), '-o', os.path.join(out, 'a.png'))
        assert done.returncode == 2 and b'engine.facefusion_path' in done.stderr, done


def test_run():
    """run: arguments as FaceFusion's parser wants them, its own folders, a labelled output, nothing left"""
    with FaceFusion() as second, folder() as out:
        path = os.path.join(out, 'a.png')
        code, text, err = run(second, out, '-s', head_still(1), head_still(3), '-t', head_still(5), '-o', 'a.png', '--processors', 'face_swapper',
                              'lip_syncer', '--lip-syncer-weight', '0.7', '--face-detector-margin', '1', '2', '--face-mask-types', 'box', 'occlusion',
                              '--face-swapper-model', 'inswapper_128', '--execution-providers', 'cuda', '--age-modifier-direction', '-20',
                              '--face-editor-head-yaw', '0.35', '--trim-frame-start', '3')
        assert code == 0, (text, err)
        assert label(path) and harness.pixels(path) == harness.pixels(head_still(5))
        assert os.listdir(out) == ['a.png'], os.listdir(out)
        call = second.call()
        argv = call['argv']
        assert argv[0] == 'headless-run' and call['ini'] == 0 and call['folders'] == [[], []] and call['group'], call
        assert os.path.realpath(call['cwd']) == os.path.realpath(second.path)
        at = argv.index('--face-detector-margin')
        assert argv[at + 1:at + 5] == ['1', '2', '1', '2'], argv
        assert argv[argv.index('--age-modifier-direction') + 1] == '-20' and argv[argv.index('--face-editor-head-yaw') + 1] == '0.35', argv
        assert '--face-mask-blur' not in argv and '--face-selector-mode' not in argv, argv
        assert not [name for name in call['environ'] if name.startswith('FUS')], call['environ']
        second.mode('junk')
        code, text, err = run(second, out, '-s', head_still(1), '-t', head_clip(seconds=0.4), '-o', 'b.mp4', '--json')
        made = json.loads(text)
        assert code == 0 and made['frames'] == 10 and made['is_video'] and label(os.path.join(out, 'b.mp4')), (text, err)


def test_formats():
    """run: what cannot be labelled or converted is refused before anything is started"""
    with FaceFusion() as second, folder() as out:
        for target, name, text in ((head_clip(seconds=0.2, suffix='mkv'), 'a.mkv', 'cannot be labelled'), (head_still(5), 'a.jpg', 'format of the target')):
            code, _, err = run(second, out, '-s', head_still(1), '-t', target, '-o', name)
            assert code == 1 and text in err, (code, err)
        assert not second.lines('calls') and os.listdir(out) == []


def test_failures():
    """run: each way to fail is told, without the server's paths, and leaves neither files nor processes"""
    cases = (('silent', 'said nothing'), ('refuse', 'refused to begin (exit status 2)'), ('signal', 'ended by signal 9'), ('none', 'wrote no file'),
             ('link', 'wrote no file'), ('half', 'output is not right'), ('grandchild silent', 'exit status 1'))
    with FaceFusion() as second, folder() as out:
        for mode, text in cases:
            for target, name in ((head_still(5), 'a.png'), (head_clip(seconds=0.4), 'a.mp4')):
                second.mode(mode)
                code, _, err = run(second, out, '-s', head_still(1), '-t', target, '-o', name)
                assert code == 1 and text in err, (mode, code, err)
                assert second.path not in err and '/fus-second' not in err, err
                assert os.listdir(out) == [] and second.gone(), (mode, os.listdir(out))
        second.mode('kind')
        code, _, err = run(second, out, '-s', head_still(1), '-t', head_clip(seconds=0.4), '-o', 'a.mp4')
        assert code == 1 and 'another format' in err, err
        code, _, err = run(second, out, '-t', head_still(5), '-o', 'a.png')
        assert code == 1 and 'choose an image for the source' in err, err
        code, _, err = run(second, out, '-s', head_still(1), '-t', head_still(5), '-o', 'a.png', '--face-mask-blur', '0.33')
        assert code == 1 and '--face-mask-blur' in err, err


def test_left_behind():
    """run: what FaceFusion leaves running when it is done is gone"""
    with FaceFusion() as second, folder() as out:
        second.mode('grandchild')
        code, text, err = run(second, out, '-s', head_still(1), '-t', head_still(5), '-o', 'a.png')
        assert code == 0 and os.listdir(out) == ['a.png'], (text, err)
        assert len(second.lines('pids')) == 2 and second.gone()


def test_interrupt_and_kill():
    """run: Ctrl-C ends everything with 130; so does the death of fusiond itself"""
    with FaceFusion() as second, folder() as out:
        for number, mode in ((signal.SIGINT, 'hang'), (signal.SIGINT, 'hang deaf grandchild'), (signal.SIGKILL, 'hang deaf grandchild')):
            second.mode(mode)
            process = subprocess.Popen([FUSIOND, 'run', '--engine', 'facefusion', *second.flags, '-s', head_still(1), '-t', head_still(5), '-o',
                                        os.path.join(out, 'a.png')], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_for(lambda: len(second.lines('pids')) == (2 if 'grandchild' in mode else 1), 20, 'it runs')
            time.sleep(0.2)
            begun = time.monotonic()
            process.send_signal(number)
            process.communicate(timeout=20)
            assert process.returncode == (130 if number == signal.SIGINT else -9), process.returncode
            assert time.monotonic() - begun < 3 * harness.PATIENCE
            wait_for(second.gone, 3, 'no process is left')
            if number == signal.SIGINT:
                assert os.listdir(out) == [], os.listdir(out)


def test_server():
    """jobs: progress, result and label; cancel within a second, time-outs, failures with the end of what was said"""
    with FaceFusion() as second, Server(*second.flags) as server:
        donor, still, clip = server.put_input(head_still(1)), server.put_input(head_still(5)), server.put_input(head_clip(seconds=0.4))
        request = {'source_images': [donor], 'target': clip, 'engine': 'facefusion',
                   'parameters': {'processors': ['lip_syncer'], 'lip_syncer_weight': 0.7}}
        job = server.finish(server.submit(request))
        assert job['status'] == 'completed', job
        body = server.result(job).body
        assert b'compositeWithTrainedAlgorithmicMedia' in body
        argv = second.call()['argv']
        assert argv[argv.index('--lip-syncer-weight') + 1] == '0.7' and argv[argv.index('--processors') + 1] == 'lip_syncer', argv
        answer = server.post_json('/api/v1/process/swap', {'source_images': [donor], 'target': still, 'engine': 'facefusion'})
        assert answer.status == 202 and server.finish(answer.json['job_id'])['status'] == 'completed', answer

        second.mode('hang deaf grandchild')
        job_id = server.submit(request)
        job = wait_for(lambda: (lambda job: job['progress'] > 20 and job)(server.job(job_id)), 20, 'progress')
        assert job['step'] in ('processing_frames', 'encoding_output'), job
        begun = time.monotonic()
        server.request('DELETE', '/api/v1/jobs/' + job_id)
        assert server.finish(job_id)['status'] == 'cancelled'
        assert time.monotonic() - begun < 1.5 * harness.PATIENCE, time.monotonic() - begun
        assert second.gone()
        job = server.finish(server.submit(dict(request, timeout_seconds=1, max_attempts=1)))
        assert job['status'] == 'failed' and job['error']['code'] == 'timed_out', job
        assert second.gone()

        for mode, code in (('silent', 'engine_failed'), ('half', 'engine_failed'), ('refuse', 'invalid_parameter'), ('signal', 'worker_crashed')):
            second.mode(mode)
            job = server.finish(server.submit(dict(request, max_attempts=1)))
            assert job['status'] == 'failed' and job['error']['code'] == code, (mode, job)
            assert server.data not in json.dumps(job) and second.path not in json.dumps(job), job
        answer = server.post_json('/api/v1/jobs', dict(request, parameters={'processors': []}))
        assert answer.status == 422 and 'needs a processor' in answer.json['errors'][0]['detail'], answer
        answer = server.post_json('/api/v1/jobs', dict(request, parameters={'face_swapper_strength': 0.5}))
        assert answer.status == 422 and answer.json['errors'][0]['pointer'] == '/parameters/face_swapper_strength', answer
        second.mode('')
        target = server.put_input(head_clip(seconds=0.2, suffix='mkv'))
        job = server.finish(server.submit(dict(request, target=target)))
        assert job['status'] == 'failed' and job['error']['code'] == 'invalid_parameter' and not second.lines('calls'), job
        done = harness.run(FUSIOND, 'jobs', 'submit', '--engine', 'facefusion', '--server', 'http://127.0.0.1:%d' % server.port, '-s', head_still(1),
                           '-t', head_still(5), '--processors', 'frame_colorizer', '--wait')
        assert done.returncode == 0, done
        temp = os.path.join(server.data, 'temp')
        wait_for(lambda: not os.path.isdir(temp) or not os.listdir(temp), 10, 'no folder of a job is left')


def test_gate_stands_before():
    """the content gate looks at the target first, and is required; FaceFusion is not started for what it refuses"""
    with FaceFusion() as second, Server(*second.on()) as server:
        donor = server.put_input(head_still(1))
        request = {'source_images': [donor], 'target': server.put_input(head_still(5)), 'engine': 'facefusion'}
        answer = server.post_json('/api/v1/jobs', request)
        assert answer.status == 422 and 'fusiond models pull nsfw_1' in answer.json['errors'][0]['detail'], answer
    with FaceFusion() as second, tempfile.TemporaryDirectory(prefix='fus-second-data-') as data:
        test_gate.install_gate(os.path.join(data, 'models'))
        with Server(*second.on(), data=data) as server:
            request = {'source_images': [server.put_input(head_still(1))], 'target': server.put_input(head_still(5)), 'engine': 'facefusion'}
            job = server.finish(server.submit(request))
            assert job['status'] == 'completed' and job['moderation']['sampled'] == 1, job
            second.mode('')
            job = server.finish(server.submit(dict(request, target=server.put_input(test_gate.white_still(), 'white.png'))))
            assert job['status'] == 'rejected' and job['error']['code'] == 'content_rejected' and not second.lines('calls'), job
        done = harness.run(FUSIOND, 'run', '--engine', 'facefusion', '--data-dir', data, *second.on(), '-s', head_still(1), '-t',
                           test_gate.white_still(), '-o', os.path.join(data, 'a.png'))
        assert done.returncode == 3 and b'content gate' in done.stderr and not second.lines('calls'), done


def test_server_stops():
    """serve: a server that stops, or is killed, takes FaceFusion with it; the job is done by the next life"""
    with FaceFusion() as second, Server(*second.flags, '--set', 'server.stop_grace_ms=100', '--set', 'queue.lease_seconds=2') as server:
        donor, still = server.put_input(head_still(1)), server.put_input(head_still(5))
        for ending in (server.stop, server.kill):
            second.mode('hang deaf grandchild')
            job_id = server.submit({'source_images': [donor], 'target': still, 'engine': 'facefusion'})
            wait_for(lambda: len(second.lines('pids')) == 2, 20, 'it runs')
            ending()
            wait_for(second.gone, 3, 'no process is left')
            second.mode('')
            server.start()
            assert server.finish(job_id)['status'] == 'completed'


if __name__ == '__main__':
    harness.main(globals())
