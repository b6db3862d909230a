"""The content gate on every way in. Its nets are small graphs made here that call white pictures explicit."""
import binascii
import os
import tempfile

import harness
from harness import Server, ffmpeg, head_clip, head_still
from onnx_file import INT64, model, node, tensor, value


def brightness_net(size, weights, shape, gain, offset):
    """every output is (mean of the input * gain + offset) * its weight"""
    nodes = [node('ReduceMean', ['input'], ['mean'], axes=[1, 2, 3], keepdims=0), node('Mul', ['mean', 'gain'], ['scaled']),
             node('Add', ['scaled', 'offset'], ['score']), node('Mul', ['score', 'weights'], ['flat']), node('Reshape', ['flat', 'shape'], ['output'])]
    constants = [tensor('gain', [1], [gain]), tensor('offset', [1], [offset]), tensor('weights', [len(weights)], weights),
                 tensor('shape', [len(shape)], shape, INT64)]
    return model(nodes, [value('input', [1, 3, size, size])], [value('output', shape)], constants)


def install_gate(folder):
    """white: three votes, also with the black bars of a 4:3 picture in a square; grey and darker: none"""
    os.makedirs(folder, exist_ok=True)
    nets = {'nsfw_1': brightness_net(640, [0.0] * 16 + [1.0] * 20, [1, 9, 4], 10.0, -6.0),
            'nsfw_2': brightness_net(384, [1.0, 0.0], [1, 2], 4.0, -1.0),
            'nsfw_3': brightness_net(448, [0.0, 0.0, 1.0, 1.0], [1, 4], 10.0, -4.0)}
    for name, data in nets.items():
        with open(os.path.join(folder, name + '.onnx'), 'wb') as file:
            file.write(data)
        with open(os.path.join(folder, name + '.hash'), 'w') as file:
            file.write('%08x' % binascii.crc32(data))


def white_still():
    return ffmpeg('white.png', '-f', 'lavfi', '-i', 'color=white:size=320x240', '-frames:v', '1')


def half_white_clip():
    """ten frames a second, four seconds; the last two are white"""
    return ffmpeg('half-white.mp4', '-f', 'lavfi', '-i', 'color=gray:size=320x240:rate=10:duration=2', '-f', 'lavfi', '-i',
                  'color=white:size=320x240:rate=10:duration=2', '-filter_complex', 'concat=n=2', '-pix_fmt', 'yuv420p')


def submit(server, target, parameters=None):
    return server.finish(server.submit({'source_images': [server.put_input(head_still(1))], 'target_' + ('video' if target.endswith('mp4') else 'image'): server.put_input(target),
                                        'parameters': parameters or {}}))


def test_refused_with_the_reason():
    """an explicit still and clip end as rejected, with rate, sampled and voting frames, and without a result"""
    with Server() as server:
        install_gate(os.path.join(server.data, 'models'))
        job = submit(server, white_still())
        assert job['status'] == 'rejected' and job['error']['code'] == 'content_rejected', job
        assert job['result_url'] is None and job['attempt'] == 1, job
        assert job['moderation'] == {'state': 'rejected', 'rate': 100.0, 'sampled': 1, 'voted': 1, 'sampled_frames': [0], 'voted_frames': [0]}, job
        job = submit(server, half_white_clip())
        assert job['status'] == 'rejected', job
        assert job['moderation']['sampled_frames'] == [0, 10, 20, 30] and job['moderation']['voted_frames'] == [20, 30], job
        assert job['moderation']['rate'] == 50.0 and '50.0 %' in job['error_message'], job


def test_decent_targets_pass():
    """other targets go through and say that they were looked at"""
    with Server() as server:
        install_gate(os.path.join(server.data, 'models'))
        job = submit(server, head_clip())
        assert job['status'] == 'completed', job
        assert job['moderation']['state'] == 'passed' and job['moderation']['sampled'] == 1 and job['moderation']['voted'] == 0, job


def test_only_the_range_that_is_used():
    """frames that trimming leaves out are not looked at"""
    with Server() as server:
        install_gate(os.path.join(server.data, 'models'))
        job = submit(server, half_white_clip(), {'trim_frame_end': 20})
        assert job['error']['code'] == 'no_face_in_target', job  # it went on to the faces
        assert submit(server, half_white_clip(), {'trim_frame_start': 15})['status'] == 'rejected'


def test_off_is_said():
    """policy.gate = off lets all pass and is said at the start, by readyz and on each job"""
    with Server(environment={'FUSIOND_POLICY_GATE': 'off'}) as server:
        install_gate(os.path.join(server.data, 'models'))
        job = submit(server, head_still(5))
        assert job['status'] == 'completed' and job['moderation']['state'] == 'off', job
        assert 'content_gate_off' in [warning['code'] for warning in job['warnings']], job
        assert server.get('/readyz?verbose').json['checks']['content_gate'] == 'off'
        assert 'the content gate is off' in server.log()


def test_required_without_its_models():
    """policy.gate = required refuses every job until the gate is installed, with the command"""
    with Server(environment={'FUSIOND_POLICY_GATE': 'required'}) as server:
        answer = server.post_json('/api/v1/jobs', {'source_images': [server.put_input(head_still(1))], 'target_image': server.put_input(head_still(5))})
        assert answer.status == 422 and answer.json['code'] == 'model_not_found', answer
        assert 'fusiond models pull nsfw_1 nsfw_2 nsfw_3' in answer.json['errors'][0]['detail'], answer


def test_on_the_command_line():
    """fusiond run looks too, says why it refuses and writes nothing"""
    with tempfile.TemporaryDirectory(prefix='fus-e2e-') as folder:
        install_gate(os.path.join(folder, 'models'))
        output = os.path.join(folder, 'out.png')
        done = harness.run(harness.FUSIOND, 'run', '--data-dir', folder, '-s', head_still(1), '-t', white_still(), '-o', output, text=True)
        assert done.returncode == 3, done
        assert 'explicit content' in done.stderr and not os.path.exists(output), done


if __name__ == '__main__':
    harness.main(globals())
