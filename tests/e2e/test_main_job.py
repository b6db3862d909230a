"""The main job over HTTP: a face swapped in a picture and in a clip, its result fetched and read back."""
import json
import os
import subprocess
import time

import harness
from harness import FIXED_KEYS, Server, exif, head_clip, head_still, pixels

SYNTHETIC = 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic'


def save(server, job, name):
    path = os.path.join(server.data, name)
    with open(path, 'wb') as file:
        file.write(server.result(job).body)
    return path


def test_still_by_parts():
    """a still sent as multipart parts comes back swapped, labelled and unchanged away from the face"""
    donor, target = head_still(1), head_still(5, size='640x480')
    with Server() as server:
        answer = server.post_files('/api/v1/jobs', [('source_images', donor), ('target_image', target)], {'parameters': {'processors': ['face_swapper']}})
        assert answer.status == 202, answer
        assert answer.headers['Location'] == '/api/v1/jobs/' + answer.json['job_id'], answer.headers
        assert int(answer.headers['Retry-After']) >= 1
        assert [key for key in answer.json][:9] == FIXED_KEYS, answer.json
        job = server.finish(answer.json['job_id'])
        assert job['status'] == 'completed' and job['progress'] == 100 and job['step'] == 'done', job
        assert job['faces'] == {'source': 1, 'target_max': 1}, job
        assert {model['id'] for model in job['models']} >= {'builtin', 'mesh_blend'}, job
        path = save(server, job, 'out.png')
        before, after = pixels(target), pixels(path)
        assert len(before) == len(after)
        changed = [i for i in range(0, len(before), 3) if before[i:i + 3] != after[i:i + 3]]
        assert 500 < len(changed) < len(before) / 3 * 0.5, len(changed)
        corner = [i // 3 for i in changed if (i // 3) % 640 < 40 or (i // 3) // 640 < 10]
        assert not corner, 'pixels far from the face have changed'
        facts = exif(path, '-XMP-iptcExt:DigitalSourceType', '-n')
        assert facts['DigitalSourceType'] == SYNTHETIC, facts


def test_clip_by_paths():
    """a clip given by path comes back swapped with its sound, frame count and label"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_clip())
        job = server.finish(server.submit({'source_images': [donor], 'target_video': target, 'output_format': 'mp4'}))
        assert job['status'] == 'completed', job
        path = save(server, job, 'out.mp4')
        probe = json.loads(subprocess.run(['ffprobe', '-v', 'error', '-of', 'json', '-count_frames', '-show_streams', path],
                                          stdout=subprocess.PIPE, check=True).stdout)
        kinds = {stream['codec_type']: stream for stream in probe['streams']}
        assert set(kinds) == {'video', 'audio'}, kinds
        assert kinds['video']['nb_read_frames'] == '25', kinds['video']
        assert job['frames_done'] == job['frames_total'] == 25, job
        assert exif(path, '-XMP-iptcExt:DigitalSourceType', '-n')['DigitalSourceType'] == SYNTHETIC


def test_every_container_is_labelled():
    """jpg, png, webp, mp4, mov and mkv outputs all carry the label"""
    with Server() as server:
        donor, still, clip = server.put_input(head_still(1)), server.put_input(head_still(5)), server.put_input(head_clip(seconds=0.4))
        for target, formats in ((still, ('jpg', 'png', 'webp')), (clip, ('mp4', 'mov', 'mkv'))):
            for output_format in formats:
                job = server.finish(server.submit({'source_images': [donor], 'target': target, 'output_format': output_format}))
                assert job['status'] == 'completed', job
                path = save(server, job, 'out.' + output_format)
                if output_format == 'mkv':
                    tags = subprocess.run(['ffprobe', '-v', 'error', '-of', 'json', '-show_format', path], stdout=subprocess.PIPE, check=True).stdout
                    assert b'compositeSynthetic' in tags, tags
                else:
                    assert exif(path, '-XMP-iptcExt:DigitalSourceType', '-n')['DigitalSourceType'] == SYNTHETIC, output_format


def test_status_list_and_metrics():
    """/status has the nine fixed keys alone, the list is newest first in pages, metrics count the requests"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
        ids = [server.submit({'source_images': [donor], 'target_image': target}) for _ in range(3)]
        for job_id in ids:
            assert server.finish(job_id)['status'] == 'completed'
        status = server.get('/api/v1/jobs/%s/status' % ids[0]).json
        assert list(status) == FIXED_KEYS, status
        assert status['status'] == 'completed' and isinstance(status['progress'], int) and status['error_message'] is None
        page = server.get('/api/v1/jobs?limit=2')
        assert [job['job_id'] for job in page.json['jobs']] == [ids[2], ids[1]], page
        assert 'rel="next"' in page.headers['Link'], page.headers
        following = page.headers['Link'].split('>')[0].lstrip('<')
        assert [job['job_id'] for job in server.get(following).json['jobs']] == [ids[0]]
        text = server.request('GET', '/metrics', port=server.metrics_port).body.decode()
        assert 'api_requests_total{method="POST",endpoint="/api/v1/jobs",code="202"} 3' in text, text
        assert 'api_request_duration_seconds_bucket' in text


def test_result_link():
    """the result is a signed link with ranges; a wrong signature opens nothing"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
        job_id = server.submit({'source_images': [donor], 'target_image': target})
        early = server.get('/api/v1/jobs/%s/result' % job_id)
        assert early.status in (303, 409), early
        job = server.finish(job_id)
        redirect = server.get('/api/v1/jobs/%s/result' % job_id)
        assert redirect.status == 303 and '/files/' in redirect.headers['Location'], redirect
        whole = server.result(job)
        assert whole.headers['Content-Type'] == 'image/png' and whole.headers['X-Content-Type-Options'] == 'nosniff'
        link = job['result_url'][job['result_url'].index('/files/'):]
        part = server.get(link, Range='bytes=10-19')
        assert part.status == 206 and part.body == whole.body[10:20], part
        assert part.headers['Content-Range'] == 'bytes 10-19/%d' % len(whole.body)
        assert server.get(link, Range='bytes=%d-' % len(whole.body)).status == 416
        assert server.get(link[:-2] + ('AA' if link[-2:] != 'AA' else 'BB')).status in (403, 404)
        streamed = server.get('/api/v1/jobs/%s/result?redirect=false' % job_id)
        assert streamed.status == 200 and streamed.body == whole.body


def test_purge():
    """a purged result is gone for good"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
        job = server.finish(server.submit({'source_images': [donor], 'target_image': target}))
        assert server.request('DELETE', '/api/v1/jobs/%s' % job['job_id']).status == 409
        assert server.request('DELETE', '/api/v1/jobs/%s?purge=true' % job['job_id']).status == 204
        assert server.get('/api/v1/jobs/%s/result' % job['job_id']).status == 410
        assert not os.listdir(os.path.join(server.data, 'output'))


def test_short_cuts():
    """/process/swap and /process/enhance are jobs with their processor; neither needs a model"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
        job = server.finish(server.submit({'source_images': [donor], 'target_image': target}, '/api/v1/process/swap'))
        assert job['status'] == 'completed', job
        job = server.finish(server.submit({'target_image': target}, '/api/v1/process/enhance'))
        assert job['status'] == 'completed', job
        assert job['faces']['target_max'] == 1 and any(model['id'] == 'detail' for model in job['models']), job
        before, after = pixels(head_still(5)), pixels(save(server, job, 'enhanced.png'))
        assert len(before) == len(after) and before != after
        body = {'target_image': target, 'parameters': {'face_enhancer_model': 'gfpgan_1.4'}}
        answer = server.post_json('/api/v1/process/enhance', body)
        assert answer.status == 422 and answer.json['code'] == 'model_not_found', answer


def test_body_of_the_product():
    """the body that was asked for by name runs, the enhancer in it too"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_clip(seconds=0.4))
        body = {'source_images': [donor], 'target_video': target, 'output_format': 'mp4',
                'parameters': {'face_detector': 'builtin', 'reference_face_position': 0, 'processors': ['face_swapper', 'face_enhancer'],
                               'output_quality': 95, 'fps': 30, 'temp_directory': 'temp'}}
        job = server.finish(server.submit(body))
        assert job['status'] == 'completed', job
        codes = [warning['code'] for warning in job['warnings']]
        assert any('temp_directory' in json.dumps(warning) for warning in job['warnings']), job['warnings']
        assert 'reference_by_tracking' in codes, codes
        assert abs(job['output']['fps'] - 30) < 0.01, job['output']


def test_key():
    """with a key configured nothing opens without it, in either header"""
    with Server(environment={'FUSIOND_AUTH_API_KEY': 'fus_test_key'}) as server:
        answer = server.get('/api/v1/jobs')
        assert answer.status == 401 and 'WWW-Authenticate' in answer.headers and answer.json['code'] == 'unauthorized', answer
        assert server.get('/api/v1/jobs', Authorization='Bearer wrong').status == 401
        assert server.get('/api/v1/jobs', Authorization='Bearer fus_test_key').status == 200
        assert server.get('/api/v1/jobs', X_API_Key='fus_test_key').status == 200
        assert server.get('/livez').status == 200
        assert 'fus_test_key' not in server.log()


def test_health_and_version():
    """/livez, /readyz and /version answer; SIGTERM ends the server and its workers cleanly"""
    with Server() as server:
        assert server.get('/livez').status == 200
        assert server.get('/readyz?verbose').status == 200
        assert server.get('/version').json['version']
        names = {row['name'] for row in server.get('/api/v1/processors').json['processors']}
        assert {'face_swapper', 'face_enhancer'} <= names, names
        workers = server.workers()
        assert workers
        assert server.stop() == 0
        harness.wait_for(lambda: not any(harness.alive(pid) for pid in workers), 2, 'workers end with their server')
        for line in server.log().splitlines():
            json.loads(line)


def test_accepted_jobs_survive():
    """a job that was accepted is there after kill -9 and runs after the restart"""
    with Server() as server:
        donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
        job_id = server.submit({'source_images': [donor], 'target_image': target, 'metadata': {'shot': '12'}})
        server.kill()
        time.sleep(0.1)
        server.start()
        job = server.finish(job_id)
        assert job['status'] == 'completed' and job['metadata'] == {'shot': '12'}, job


if __name__ == '__main__':
    harness.main(globals())
