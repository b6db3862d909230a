"""What an operator meets: signals, broken uploads, a full disk, results that expire, workers that cannot start."""
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

import harness
from harness import FUSIOND, Server, head_clip, head_still, wait_for

UPLOAD = (b'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n'
          b'--b\r\nContent-Disposition: form-data; name="target"; filename="a.png"\r\n\r\n')


def small_job(server):
    return {'source_images': [server.put_input(head_still(1), 'donor.png')],
            'target': server.put_input(head_still(5, size='256x256', eye_distance=50), 'target.png')}


def temp(server):
    return os.listdir(os.path.join(server.data, 'temp'))


def begin_upload(server, size=0):
    client = socket.create_connection(('127.0.0.1', server.port), timeout=20)
    client.sendall(UPLOAD + b'z' * size)
    return client


def assert_json_log(server):
    for line in server.log().splitlines():
        json.loads(line)


def test_broken_uploads():
    """uploads whose clients hang up, and those that are refused, leave nothing behind"""
    with Server() as server:
        for size in range(0, 300000, 10000):
            begin_upload(server, size).close()
        wait_for(lambda: not temp(server), 5, 'broken uploads are removed')
        donor = head_still(1)
        for _ in range(50):
            answer = server.post_files('/api/v1/jobs', [('source', donor), ('whatever', donor)])
            assert answer.status == 422, answer
            assert not temp(server), 'the upload is still there when its refusal is'


def test_upload_of_a_killed_server():
    """an upload that kill -9 of the server cut off is removed at the next start"""
    with Server() as server:
        with contextlib.closing(begin_upload(server, 9000)):
            wait_for(lambda: temp(server), 5, 'the upload is being written')
            server.kill()
        assert temp(server)
        server.start()
        assert not temp(server), temp(server)


def test_idempotency_key_is_free_again():
    """once a request is answered its Idempotency-Key gives the same job, never a conflict"""
    with Server() as server:
        body, headers = small_job(server), {'Idempotency-Key': 'again'}
        first = server.post_json('/api/v1/jobs', body, headers)
        assert first.status == 202, first
        for _ in range(100):
            answer = server.post_json('/api/v1/jobs', body, headers)
            assert answer.status in (200, 202) and answer.json['job_id'] == first.json['job_id'], answer
            assert answer.headers['Idempotency-Replayed'] == 'true', answer.headers
        assert server.post_json('/api/v1/jobs', dict(body, priority=1), headers).status == 422


def test_many_at_once():
    """500 submissions over 50 connections are all accepted, each once"""
    with Server() as server:
        body, ids = small_job(server), []

        def submit():
            for _ in range(10):
                ids.append(server.submit(body))
        threads = [threading.Thread(target=submit) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(ids)) == 500, len(ids)
        seen, page = set(), '/api/v1/jobs?limit=170'
        while page:
            answer = server.get(page)
            seen |= {job['job_id'] for job in answer.json['jobs']}
            page = answer.headers.get('Link', '').split('>')[0].lstrip('<')
        assert seen == set(ids)


def test_cancel_races():
    """a DELETE at any moment of a job ends it cancelled, or is refused as too late, and leaves nothing behind"""
    with Server() as server:
        body, completed = small_job(server), 0
        for i in range(40):
            job_id = server.submit(body)
            time.sleep(i % 20 * 0.012)
            answer = server.request('DELETE', '/api/v1/jobs/' + job_id)
            job = server.finish(job_id)
            assert (answer.status, job['status']) in ((200, 'cancelled'), (202, 'cancelled'), (409, 'completed')), (answer, job)
            assert (job['result_url'] is not None) == (job['status'] == 'completed'), job
            completed += job['status'] == 'completed'
        wait_for(lambda: not temp(server), 5, 'folders are removed')
        wait_for(lambda: len(os.listdir(os.path.join(server.data, 'output'))) == completed, 5, 'a result for each completed job')


def test_cancelled_upload_goes_at_once():
    """the files of a queued job are gone when its DELETE is answered"""
    with Server() as server:
        long = harness.ffmpeg('long.mp4', '-stream_loop', '9', '-i', head_clip(3, seconds=4, size='640x360', sound=False), '-c', 'copy')
        first = server.submit(dict(small_job(server), target=server.put_input(long)))
        donor = head_still(1)
        queued = server.post_files('/api/v1/jobs', [('source', donor), ('target', donor)]).json['job_id']
        assert queued in temp(server)
        assert server.request('DELETE', '/api/v1/jobs/' + queued).status == 200
        assert queued not in temp(server), temp(server)
        server.request('DELETE', '/api/v1/jobs/' + first)


def test_timeout():
    """a job that runs longer than its timeout_seconds fails with timed_out"""
    with Server() as server:
        long = harness.ffmpeg('long.mp4', '-stream_loop', '9', '-i', head_clip(3, seconds=4, size='640x360', sound=False), '-c', 'copy')
        job = server.finish(server.submit(dict(small_job(server), target=server.put_input(long), timeout_seconds=1, max_attempts=1)))
        assert job['status'] == 'failed' and job['error']['code'] == 'timed_out', job
        assert not os.listdir(os.path.join(server.data, 'output'))


def test_results_expire():
    """an expired result is 410 at once, and its file goes soon after"""
    with Server('--set', 'retention.results=1s') as server:
        job = server.finish(server.submit(small_job(server)))
        path = '/api/v1/jobs/' + job['job_id']
        time.sleep(1.1)
        for query in ('', '?redirect=false'):
            answer = server.get(path + '/result' + query)
            assert answer.status == 410 and answer.json['code'] == 'gone', answer
        assert server.job(job['job_id'])['result_url'] is None
        wait_for(lambda: not os.listdir(os.path.join(server.data, 'output')), 15, 'the file is removed')


def test_purge_while_downloading():
    """a download that has begun is not cut off by a purge"""
    with Server() as server:
        clip = server.put_input(head_clip(2, seconds=1, size='640x480'), 'clip.mp4')
        job = server.finish(server.submit(dict(small_job(server), target=clip)))
        connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=20)
        connection.request('GET', '/api/v1/jobs/%s/result?redirect=false' % job['job_id'])
        response = connection.getresponse()
        begun = response.read(1000)
        assert server.request('DELETE', '/api/v1/jobs/%s?purge=true' % job['job_id']).status == 204
        assert len(begun + response.read()) == job['output']['bytes']
        connection.close()
        assert server.get('/api/v1/jobs/%s/result' % job['job_id']).status == 410


def test_hangup():
    """SIGHUP stops the server cleanly, as SIGTERM does, also in the middle of an upload; SIGPIPE does nothing"""
    with Server() as server:
        server.process.send_signal(signal.SIGPIPE)
        assert server.get('/livez').status == 200
        with contextlib.closing(begin_upload(server, 9000)):
            wait_for(lambda: temp(server), 5, 'the upload is being written')
            server.process.send_signal(signal.SIGHUP)
            assert server.process.wait(30 * harness.PATIENCE) == 0
        assert not temp(server), temp(server)
        assert_json_log(server)


def serve(*flags):
    """Runs a server that cannot start; (exit status, log lines)."""
    done = subprocess.run([FUSIOND, 'serve', '--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0', *flags],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * harness.PATIENCE)
    return done.returncode, [json.loads(line) for line in done.stderr.decode().splitlines()]


def test_second_server():
    """a second server on the same data directory says so and leaves the first alone"""
    with Server() as server:
        status, lines = serve('--data-dir', server.data)
        assert status == 1 and lines[-1]['level'] == 'error' and lines[-1]['code'] == 'conflict', lines
        assert server.finish(server.submit(small_job(server)))['status'] == 'completed'


def test_bad_link_key():
    """a link.key that is open to others or broken stops the start with a clear line"""
    with Server() as server:
        assert server.stop() == 0
        path = os.path.join(server.data, 'link.key')
        os.chmod(path, 0o644)
        status, lines = serve('--data-dir', server.data)
        assert status == 1 and 'link.key' in lines[-1]['detail'], lines
        os.chmod(path, 0o600)
        with open(path, 'w') as file:
            file.write('garbage\n')
        status, lines = serve('--data-dir', server.data)
        assert status == 1 and 'link.key' in lines[-1]['detail'] and 'garbage' not in lines[-1]['detail'], lines


def test_worker_that_cannot_start():
    """what a dying worker writes to stderr is logged as JSON, and /readyz says that no worker is up"""
    with tempfile.TemporaryDirectory(prefix='fus-e2e-') as data:
        process = subprocess.Popen([FUSIOND, 'serve', '--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0', '--data-dir', data,
                                    '--set', 'worker.memory_bytes=32M'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            messages, port = [], None
            while not {'a worker wrote to its stderr', 'worker cannot start'} <= set(messages) or port is None:
                entry = json.loads(process.stderr.readline())
                messages.append(entry['msg'])
                port = entry.get('port', port)
            connection = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
            connection.request('GET', '/readyz?verbose')
            answer = connection.getresponse()
            assert answer.status == 503 and 'worker' in json.loads(answer.read())['checks']['workers'].lower()
            connection.close()
            process.send_signal(signal.SIGTERM)
            for line in process.stderr:
                json.loads(line)
            assert process.wait(30 * harness.PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_disk_full():
    """a full disk is a 503 that loses nothing, and all goes on when there is room again"""
    data = tempfile.mkdtemp(prefix='fus-e2e-')
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'none', data], stderr=subprocess.PIPE)
    if mounted.returncode != 0:
        os.rmdir(data)
        raise harness.Skip('a small file system cannot be mounted here')
    server = Server('--set', 'storage.min_free_bytes=0', data=data)
    try:
        with server:
            body = small_job(server)
            assert server.finish(server.submit(body))['status'] == 'completed'
            wait_for(lambda: not temp(server), 5, 'the job folder is removed')
            ballast = os.path.join(data, 'ballast')
            with contextlib.suppress(OSError), open(ballast, 'wb', buffering=0) as file:
                while file.write(b'x' * 65536):
                    pass
            donor = head_still(1)
            for answer in (server.post_json('/api/v1/jobs', body), server.post_files('/api/v1/jobs', [('source', donor), ('target', donor)])):
                assert answer.status == 503 and answer.json['code'] == 'storage_unavailable', answer
            assert not temp(server) and server.get('/livez').status == 200 and server.get('/readyz').status == 503
            os.truncate(ballast, os.path.getsize(ballast) - 200000)
            accepted = [answer.json['job_id'] for answer in (server.post_json('/api/v1/jobs', body) for _ in range(4)) if answer.status == 202]
            time.sleep(0.5)
            os.unlink(ballast)
            for job_id in accepted + [server.submit(body)]:
                job = server.finish(job_id)
                assert job['status'] == 'completed', job
            assert server.stop() == 0
    finally:
        subprocess.run(['umount', data], check=True)
        os.rmdir(data)


def test_messages_name_no_library():
    """JSON that the parser refuses is explained in words of our own"""
    with Server() as server:
        for text in ('{"target":"a\\u0000b"}', '{"a":1e999}', '{"a":99999999999999999999}', '\ufeff{}'):
            answer = server.post_json('/api/v1/jobs', text.encode())
            assert answer.status == 400 and answer.json['code'] == 'invalid_request', answer
            assert 'JSON_' not in answer.json['detail'], answer


if __name__ == '__main__':
    harness.main(globals())
