"""Killed workers, killed servers, cancelled jobs: nothing is lost and nothing is done twice."""
import os
import signal
import time

import harness
from harness import Server, alive, head_clip, head_still, wait_for


def long_clip():
    return head_clip(3, seconds=4, size='640x360', sound=False)


def running(server, job_id, frames=3):
    """Waits until the job is in the middle of its frames."""
    def started():
        job = server.job(job_id)
        assert job['status'] in ('queued', 'processing'), job
        return job['frames_done'] >= frames and job
    return wait_for(started, 30, 'job %s is in its frames' % job_id)


def folders_go(server):
    """A job's folder is removed after its end is written, so that a crash between the two loses nothing."""
    wait_for(lambda: not os.listdir(os.path.join(server.data, 'temp')), 5, 'the job folders are removed')


def long_job(server, copies=6):
    """A clip that keeps a worker busy for several seconds."""
    path = harness.ffmpeg('long%d.mp4' % copies, '-stream_loop', str(copies), '-i', long_clip(), '-c', 'copy')
    return {'source_images': [server.put_input(head_still(1))], 'target_video': server.put_input(path)}


def test_worker_killed():
    """kill -9 of the worker in mid-job: the job is tried again and completes"""
    with Server() as server:
        job_id = server.submit(long_job(server, 1))
        running(server, job_id)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        job = server.finish(job_id, 120)
        assert job['status'] == 'completed' and job['attempt'] == 2, job
        assert len(os.listdir(os.path.join(server.data, 'output'))) == 1
        folders_go(server)


def test_worker_killed_each_time():
    """a job whose worker dies at each attempt ends failed with worker_crashed after max_attempts"""
    with Server() as server:
        job_id = server.submit(dict(long_job(server), max_attempts=2))
        for attempt in (1, 2):
            wait_for(lambda: (lambda job: job['attempt'] == attempt and job['status'] == 'processing' and job['frames_done'] > 0)(server.job(job_id)),
                     60, 'attempt %d' % attempt)
            for pid in server.workers():
                os.kill(pid, signal.SIGKILL)
        job = server.finish(job_id)
        assert job['status'] == 'failed' and job['error']['code'] == 'worker_crashed' and job['attempt'] == 2, job
        assert not os.listdir(os.path.join(server.data, 'output'))
        target = server.put_input(head_still(5))
        again = server.finish(server.submit({'source_images': [os.path.basename(head_still(1))], 'target_image': target}))
        assert again['status'] == 'completed', again


def test_server_killed():
    """kill -9 of the server with 50 jobs queued and one running: workers die with it, each job completes once"""
    with Server() as server:
        first = server.submit(long_job(server, 2))
        still = {'source_images': [os.path.basename(head_still(1))], 'target_image': server.put_input(head_still(5, size='256x256', eye_distance=50))}
        queued = [server.submit(still) for _ in range(50)]
        running(server, first)
        workers = server.workers()
        assert workers
        server.kill()
        wait_for(lambda: not any(alive(pid) for pid in workers), 2, 'workers die with their server')
        server.start()
        jobs = [server.finish(job_id, 240) for job_id in [first] + queued]
        assert all(job['status'] == 'completed' for job in jobs), [job['error'] for job in jobs]
        results = sorted(os.listdir(os.path.join(server.data, 'output')))
        assert len(results) == 51 and {name.split('.')[0] for name in results} == {job['job_id'] for job in jobs}, results
        folders_go(server)


def test_cancel_running():
    """DELETE of a running job stops it within a second, and nothing of it is left"""
    with Server() as server:
        job_id = server.submit(long_job(server))
        running(server, job_id)
        begun = time.monotonic()
        answer = server.request('DELETE', '/api/v1/jobs/' + job_id)
        assert answer.status == 202, answer
        job = server.finish(job_id, 5)
        took = time.monotonic() - begun
        assert job['status'] == 'cancelled' and job['error']['code'] == 'cancelled', job
        assert took < 1.0 * harness.PATIENCE, took
        assert server.request('DELETE', '/api/v1/jobs/' + job_id).status == 200
        assert not os.listdir(os.path.join(server.data, 'output'))
        folders_go(server)


def test_cancel_stopped_worker():
    """a worker that does not answer is killed: the job is cancelled within a second all the same"""
    with Server() as server:
        job_id = server.submit(long_job(server))
        running(server, job_id)
        os.kill(server.workers()[0], signal.SIGSTOP)
        begun = time.monotonic()
        assert server.request('DELETE', '/api/v1/jobs/' + job_id).status == 202
        assert server.finish(job_id, 5)['status'] == 'cancelled'
        assert time.monotonic() - begun < 1.3 * harness.PATIENCE, time.monotonic() - begun
        target = server.put_input(head_still(5))
        again = server.finish(server.submit({'source_images': [os.path.basename(head_still(1))], 'target_image': target}))
        assert again['status'] == 'completed', again


def test_cancel_queued():
    """DELETE of a queued job answers 200 cancelled and it never runs"""
    with Server() as server:
        first = server.submit(long_job(server))
        second = server.submit({'source_images': [os.path.basename(head_still(1))], 'target_image': server.put_input(head_still(5))})
        answer = server.request('DELETE', '/api/v1/jobs/' + second)
        assert answer.status == 200 and answer.json['status'] == 'cancelled', answer
        assert server.request('POST', '/api/v1/jobs/%s/cancel' % first).status in (200, 202)
        server.finish(first, 10)
        job = server.job(second)
        assert job['attempt'] == 0 and job['started_at'] is None, job


def test_sigterm_gives_the_job_back():
    """SIGTERM in mid-job ends cleanly; the job runs again after the restart without an attempt lost"""
    with Server('--set', 'server.stop_grace_ms=200') as server:
        job_id = server.submit(long_job(server, 2))
        running(server, job_id)
        assert server.stop() == 0
        server.start()
        job = server.finish(job_id, 120)
        assert job['status'] == 'completed' and job['attempt'] == 1, job


if __name__ == '__main__':
    harness.main(globals())
