"""fusiond batch and the defaults of a facefusion.ini, with the real binary."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import harness  # noqa: E402
from harness import FUSIOND, Server, head_clip, head_still, scene_still  # noqa: E402


class Folder:
    """A working folder with sources s/, targets t/ and out/."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='fus-batch-')
        for name in ('s', 't', 'out'):
            os.mkdir(os.path.join(self.path, name))
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)

    def put(self, name, path):
        shutil.copyfile(path, os.path.join(self.path, name))

    def write(self, name, text):
        with open(os.path.join(self.path, name), 'w') as file:
            file.write(text)

    def outputs(self):
        return sorted(os.listdir(os.path.join(self.path, 'out')))

    def fusiond(self, *arguments):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(('FUSIOND_', 'XDG_'))}
        clean['HOME'] = '/nonexistent'
        done = harness.run(FUSIOND, *arguments, env=clean, cwd=self.path)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_batch():
    """batch: every source with every target, sources outside; a table, a summary, status 0"""
    with Folder() as at:
        at.put('s/b.png', head_still(3))
        at.put('s/a.png', head_still(1))
        at.put('t/clip.mp4', head_clip(seconds=0.2))
        at.put('t/still.png', head_still(5))
        code, out, err = at.fusiond('batch', '-s', 's/*.png', '-t', 't/*', '-o', 'out/{index}-{source_name}-{target_name}{target_extension}')
        assert code == 0, (out, err)
        assert at.outputs() == ['0-a-clip.mp4', '1-a-still.png', '2-b-clip.mp4', '3-b-still.png'], at.outputs()
        lines = out.splitlines()
        assert lines[0].split() == ['index', 'status', 'seconds', 'output'] and lines[-1] == '4 items: 4 done, 0 not', out
        assert lines[3].split()[:2] == ['2', 'completed'] and lines[3].endswith('out/2-b-clip.mp4'), out
        assert '1 of 4, ' in err and '4 of 4, ' in err, err
        # the second picture is not the first one's
        assert harness.pixels(os.path.join(at.path, 'out/1-a-still.png')) != harness.pixels(os.path.join(at.path, 'out/3-b-still.png'))
        # what is there is overwritten, as by run and by FaceFusion
        code, out, err = at.fusiond('batch-run', '--source-pattern', 's/a.png', '--target-pattern', 't/*.png', '--output-pattern',
                                    'out/1-a-still.png', '--json', '-q')
        assert code == 0 and err == '', (out, err)
        made = json.loads(out)
        assert made['completed'] == 1 and made['items'][0]['result']['faces_changed'] == 1 and made['items'][0]['source_path'] == 's/a.png', made


def test_batch_goes_on():
    """batch: an item that fails does not stop the others, unless --halt-on-error; status 1"""
    with Folder() as at:
        at.put('s/a.png', head_still(1))
        at.put('t/1.png', head_still(5))
        at.put('t/2.png', scene_still())
        at.write('t/3.png', 'no picture')
        at.put('t/4.png', head_still(5))
        command = ['batch', '-s', 's/*', '-t', 't/*', '-o', 'out/{target_name}.png', '-q']
        code, out, err = at.fusiond(*command)
        assert code == 1 and at.outputs() == ['1.png', '4.png'], (out, err)
        assert out.count(' failed ') == 2 and out.splitlines()[-1] == '4 items: 2 done, 2 not', out
        code, out, err = at.fusiond(*command, '--halt-on-error')
        assert code == 1 and out.splitlines()[-1] == '4 items: 1 done, 1 not, 2 not begun', out
        made = json.loads(at.fusiond(*command, '--json')[1])
        assert [item['status'] for item in made['items']] == ['completed', 'failed', 'failed', 'completed'], made
        assert made['items'][1]['error']['code'] == 'no_face_in_target', made


def test_batch_refuses():
    """batch: what cannot go well is told before anything runs"""
    with Folder() as at:
        at.put('s/a.png', head_still(1))
        at.put('t/1.png', head_still(5))
        at.put('t/2.png', head_still(5))

        def expect(status, text, *arguments):
            code, out, err = at.fusiond('batch', *arguments)
            assert code == status and text in err, (arguments, code, out, err)
            assert at.outputs() == []

        expect(2, '-t, --target-pattern is needed', '-o', 'out/{index}.png')
        expect(2, '-o, --output-pattern is needed', '-t', 't/*')
        expect(2, 'put them into quotes', '-t', 't/1.png', 't/2.png', '-o', 'out/{index}.png')
        expect(2, 'did you mean --target-pattern?', '--target-patern', 't/*')
        expect(2, '--face-mask-blur', '-s', 's/*', '-t', 't/*', '-o', 'out/{index}.png', '--face-mask-blur', '3')
        expect(1, 'there is no placeholder {name}', '-s', 's/*', '-t', 't/*', '-o', 'out/{name}.png')
        expect(1, 'no file matches', '-s', 's/*', '-t', 't/*.mp4', '-o', 'out/{index}.png')
        expect(1, 'two items would be written', '-s', 's/*', '-t', 't/*', '-o', 'out/a.png')
        expect(1, 'would be overwritten', '-s', 's/*', '-t', 't/*', '-o', 't/{target_name}.png')
        expect(1, 'there is no folder', '-s', 's/*', '-t', 't/*', '-o', 'none/{index}.png')


def test_batch_interrupted():
    """batch: Ctrl-C ends with 130; what is done stays, nothing is left half done"""
    with Folder() as at:
        at.put('s/a.png', head_still(1))
        at.put('t/1.png', head_still(5))
        at.put('t/2.mp4', head_clip(seconds=4, size='640x480'))
        process = subprocess.Popen([FUSIOND, 'batch', '-s', 's/*', '-t', 't/*', '-o', 'out/{target_name}{target_extension}'], cwd=at.path,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert b'index' in process.stdout.readline()
        assert b'completed' in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130 and b'2 items: 1 done, ' in out, (out, err)
        assert at.outputs() == ['1.png']


def test_ini():
    """run: a facefusion.ini in the working folder gives defaults, said on stderr; the command line wins"""
    with Folder() as at:
        at.put('s/a.png', head_still(1))
        at.put('t/1.png', head_still(5))
        at.write('facefusion.ini', '[paths]\nsource_paths = s/a.png\ntarget_path = t/1.png\noutput_path = out/1.png\n'
                                   '[processors]\nprocessors = face_swapper\nlip_syncer_weight = 0.7\n'
                                   '[face_selector]\nface_selector_mode = many\n[memory]\nvideo_memory_strategy = tolerant\n')
        code, out, err = at.fusiond('run')
        assert code == 0 and 'out/1.png' in out and at.outputs() == ['1.png'], (out, err)
        assert 'defaults are those of facefusion.ini' in err and 'video_memory_strategy has no effect' in err, err
        code, out, err = at.fusiond('headless-run', '-o', 'out/2.png', '--processors', '', '-q')
        assert code == 0 and err == '', err
        assert harness.pixels(os.path.join(at.path, 'out/2.png')) == harness.pixels(head_still(5))
        at.write('other.ini', '[face_selector]\nface_selector_mode = al\n')
        code, out, err = at.fusiond('run', '--config-path', 'other.ini', '-t', 't/1.png', '-o', 'out/3.png')
        assert code == 2 and 'other.ini:2: [face_selector] face_selector_mode: "al" is not one of' in err, err
        code, out, err = at.fusiond('run', '--config-path', 'none.ini', '-t', 't/1.png', '-o', 'out/3.png')
        assert code == 2 and 'there is no such file' in err, err
        os.unlink(os.path.join(at.path, 'facefusion.ini'))
        at.write('batch.ini', '[patterns]\nsource_pattern = s/*\ntarget_pattern = t/*\noutput_pattern = out/b{index}.png\n')
        code, out, err = at.fusiond('batch', '--config-path', 'batch.ini', '-q')
        assert code == 0 and at.outputs() == ['1.png', '2.png', 'b0.png'], (out, err)


def test_server_ini():
    """serve: facefusion.config_path gives the defaults of jobs; a wrong one is status 2"""
    with Folder() as at:
        ini = os.path.join(at.path, 'facefusion.ini')
        at.write('facefusion.ini', '[processors]\nprocessors =\n[output_creation]\noutput_image_quality = 1\n[memory]\nvideo_memory_strategy = tolerant\n')
        with Server('--set', 'facefusion.config_path=' + ini) as server:
            assert 'video_memory_strategy has no effect' in server.log()
            donor, target = server.put_input(head_still(1)), server.put_input(head_still(5))
            request = {'source_images': [donor], 'target': target, 'output_format': 'jpg'}
            low = server.finish(server.submit(request))
            high = server.finish(server.submit(dict(request, parameters={'output_quality': 100})))
            assert low['status'] == high['status'] == 'completed', (low, high)
            assert low['output']['bytes'] * 4 < high['output']['bytes'], (low['output'], high['output'])
        at.write('facefusion.ini', '[face_masker]\nface_mask_blur = 2\n')
        data = os.path.join(at.path, 'data')
        code, out, err = at.fusiond('serve', '--data-dir', data, '--listen', '127.0.0.1:0', '--metrics-listen', '', '--set',
                                    'facefusion.config_path=' + ini)
        assert code == 2 and '[face_masker] face_mask_blur must be a number from 0 to 1' in err, (code, err)


if __name__ == '__main__':
    harness.main(globals())
