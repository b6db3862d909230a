"""The README's curl examples do what they say, as printed (but for the port)."""
import json
import os
import re
import shutil
import subprocess

import harness
from harness import Server, head_clip, head_still


def examples():
    """The commands of the README's sh blocks, in order."""
    with open(os.path.join(harness.ROOT, 'README.md')) as file:
        text = file.read()
    commands = []
    for block in re.findall(r'```sh\n(.*?)```', text, re.S):
        block = re.sub(r'^#.*\n', '', block, flags=re.M).replace('\\\n', ' ')
        commands += [part for part in re.split(r'\n(?=curl )', block.strip()) if part.strip()]
    return commands


def test_examples():
    """every curl example of the README works as printed"""
    commands = examples()
    assert len(commands) == 6, commands
    with Server() as server:
        demo = os.path.join(server.data, 'work', 'demo')
        os.makedirs(demo)
        shutil.copyfile(head_still(1), os.path.join(demo, 'donor.png'))
        shutil.copyfile(head_still(5), os.path.join(demo, 'target.png'))
        shutil.copyfile(head_clip(seconds=0.4), os.path.join(demo, 'target.mp4'))
        server.put_input(head_still(1), 'donor.png')
        server.put_input(head_clip(seconds=0.4), 'target.mp4')
        environment = dict(os.environ)

        def type_in(command):
            done = subprocess.run(['bash', '-c', command.replace('http://127.0.0.1:8000', 'http://127.0.0.1:%d' % server.port)],
                                  cwd=os.path.dirname(demo), env=environment, stdout=subprocess.PIPE, timeout=60 * harness.PATIENCE)
            assert done.returncode == 0, (command, done)
            return done.stdout

        still, clip = (json.loads(type_in(command)) for command in commands[:2])
        environment['JOB'] = still['job_id']
        assert server.finish(still['job_id'])['status'] == 'completed'
        assert server.finish(clip['job_id'])['status'] == 'completed'
        assert json.loads(type_in(commands[2]))['status'] == 'completed'
        type_in(commands[3])
        with open(os.path.join(os.path.dirname(demo), 'result'), 'rb') as file:
            assert file.read(8) == b'\x89PNG\r\n\x1a\n'
        assert json.loads(type_in(commands[4]))['code'] == 'conflict'
        assert server.finish(json.loads(type_in(commands[5]))['job_id'])['status'] == 'completed'


if __name__ == '__main__':
    harness.main(globals())
