"""A stand-in for facefusion.py: takes headless-run's arguments as strictly as the real parser, copies the target to the output, and
misbehaves as the file `mode` beside it says. Writes what it was given to `calls` (JSON lines), and its process ids to `pids`."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def grid(low, high, step):
    return [round(low + i * step, 2) for i in range(int(round((high - low) / step)) + 1)]


UNIT = grid(0, 1, 0.05)
PERCENT = range(0, 101)
PROCESSORS = {
    'age_modifier': [('model', str, ['fran', 'styleganex_age']), ('direction', int, range(-100, 101))],
    'background_remover': [('model', str, ['ben_2', 'birefnet_general', 'modnet', 'rmbg_2.0', 'u2netp'])],
    'deep_swapper': [('model', str, None), ('morph', int, PERCENT)],
    'expression_restorer': [('model', str, ['live_portrait']), ('factor', int, PERCENT)],
    'face_debugger': [],
    'face_editor': [('model', str, ['live_portrait'])] + [(name, float, grid(-1, 1, 0.05)) for name in (
        'eyebrow_direction', 'eye_gaze_horizontal', 'eye_gaze_vertical', 'eye_open_ratio', 'lip_open_ratio', 'mouth_grim', 'mouth_pout',
        'mouth_purse', 'mouth_smile', 'mouth_position_horizontal', 'mouth_position_vertical', 'head_pitch', 'head_yaw', 'head_roll')],
    'face_enhancer': [('model', str, ['codeformer', 'gfpgan_1.4']), ('blend', int, PERCENT), ('weight', float, UNIT)],
    'face_swapper': [('model', str, ['inswapper_128', 'hyperswap_1a_256']), ('pixel_boost', str, ['128x128', '256x256', '512x512', '1024x1024']),
                     ('weight', float, UNIT)],
    'frame_colorizer': [('model', str, ['ddcolor', 'deoldify']), ('size', str, ['192x192', '256x256', '384x384', '512x512']), ('blend', int, PERCENT)],
    'frame_enhancer': [('model', str, ['span_kendata_x4', 'real_esrgan_x2']), ('blend', int, PERCENT)],
    'lip_syncer': [('model', str, ['edtalk_256', 'wav2lip_96', 'wav2lip_gan_96']), ('weight', float, UNIT)],
}
SINGLE = [
    ('face_detector_model', str, ['many', 'retinaface', 'scrfd', 'yolo_face', 'yunet']),
    ('face_detector_size', str, ['160x160', '320x320', '480x480', '512x512', '640x640']),
    ('face_detector_score', float, UNIT), ('face_landmarker_model', str, ['many', '2dfan4', 'peppa_wutz']), ('face_landmarker_score', float, UNIT),
    ('face_selector_mode', str, ['many', 'one', 'reference']),
    ('face_selector_order', str, ['left-right', 'right-left', 'top-bottom', 'bottom-top', 'small-large', 'large-small', 'best-worst', 'worst-best']),
    ('face_selector_age_start', int, PERCENT), ('face_selector_age_end', int, PERCENT), ('face_selector_gender', str, ['auto', 'female', 'male']),
    ('face_selector_race', str, ['auto', 'white', 'black', 'latino', 'asian', 'indian', 'arabic']),
    ('reference_face_position', int, None), ('reference_face_distance', float, UNIT), ('reference_frame_number', int, None),
    ('face_tracker_score', float, grid(0, 0.5, 0.05)), ('face_occluder_model', str, ['many', 'xseg_1', 'xseg_2', 'xseg_3']),
    ('face_parser_model', str, ['bisenet_resnet_18', 'bisenet_resnet_34']), ('face_mask_blur', float, UNIT),
    ('voice_extractor_model', str, ['kim_vocal_1', 'kim_vocal_2', 'uvr_mdxnet']), ('trim_frame_start', int, None), ('trim_frame_end', int, None),
    ('temp_frame_format', str, ['bmp', 'jpeg', 'png', 'tiff']), ('temp_pixel_format', str, ['bgr24', 'bgra']), ('target_frame_amount', int, range(11)),
    ('output_image_quality', int, PERCENT), ('output_image_scale', float, grid(0.25, 8, 0.25)), ('output_audio_encoder', str, ['flac', 'aac']),
    ('output_audio_quality', int, PERCENT), ('output_audio_volume', int, PERCENT), ('output_video_encoder', str, ['libx264', 'libx264rgb', 'rawvideo']),
    ('output_video_preset', str, ['ultrafast', 'veryfast', 'slow']), ('output_video_quality', int, PERCENT),
    ('output_video_scale', float, grid(0.25, 8, 0.25)), ('output_video_fps', float, None),
    ('workflow_mode', str, ['auto', 'image-to-image', 'image-to-video']), ('workflow_strategy', str, ['disk', 'memory']),
    ('execution_thread_count', int, range(1, 33)), ('video_memory_strategy', str, ['strict', 'moderate', 'tolerant']),
    ('log_level', str, ['error', 'warn', 'info', 'debug']),
]
LISTS = [
    ('face_detector_angles', int, [0, 90, 180, 270]), ('face_mask_types', str, ['box', 'occlusion', 'area', 'region']),
    ('face_mask_areas', str, ['upper-face', 'lower-face', 'mouth']), ('face_mask_regions', str, ['skin', 'nose', 'mouth']),
    ('processors', str, sorted(PROCESSORS)), ('execution_providers', str, ['cuda', 'cpu']), ('execution_device_ids', int, None),
    ('download_providers', str, ['github', 'huggingface']), ('expression_restorer_areas', str, ['upper-face', 'lower-face']),
    ('face_debugger_items', str, ['bounding-box', 'face-landmark-5', 'face-landmark-5/68', 'face-landmark-68', 'face-landmark-68/5', 'face-mask']),
    ('face_detector_margin', int, None), ('face_mask_padding', int, None), ('background_remover_fill_color', int, None),
    ('background_remover_despill_color', int, None),
]


def parse(argv):
    parser = argparse.ArgumentParser(prog='facefusion.py')
    command = parser.add_subparsers(dest='command', required=True).add_parser('headless-run')
    for name in ('config_path', 'temp_path', 'jobs_path'):
        command.add_argument('--' + name.replace('_', '-'))
    command.add_argument('-s', '--source-paths', nargs='+')
    command.add_argument('-t', '--target-path')
    command.add_argument('-o', '--output-path')
    singles = SINGLE + [('%s_%s' % (processor, name), kind, choices) for processor, rows in PROCESSORS.items() for name, kind, choices in rows]
    for name, kind, choices in singles:
        command.add_argument('--' + name.replace('_', '-'), type=kind, choices=choices)
    for name, kind, choices in LISTS:
        command.add_argument('--' + name.replace('_', '-'), type=kind, choices=choices, nargs='+')
    return parser.parse_args(argv)


def check(args):
    """FaceFusion's own checks before the work: exit status 1 with a message."""
    names = args.processors or ['face_swapper']
    if 'face_swapper' in names and not args.source_paths:
        return 'choose an image for the source'
    if not args.target_path or not os.path.isfile(args.target_path):
        return 'choose an image or video for the target'
    if not args.output_path or not os.path.isdir(os.path.dirname(args.output_path)) or os.path.isdir(args.output_path):
        return 'specify the output image or video within a directory'
    if os.path.splitext(args.output_path)[1].lower() != os.path.splitext(args.target_path)[1].lower():
        return 'match the target and output extension'
    return None


def bars(stop=100):
    for name in ('analysing', 'processing', 'merging'):
        for percent in range(0, stop + 1, 10):
            sys.stderr.write('\r%s: %3d%%|%-10s| %d/50 [00:00<00:00, 9.99frame/s]' % (name, percent, '#' * (percent // 10), percent // 2))
            sys.stderr.flush()
        sys.stderr.write('\n')


def note(name, text):
    with open(os.path.join(HERE, name), 'a') as file:
        file.write(text + '\n')


def main():
    with open(os.path.join(HERE, 'mode')) as file:
        mode = file.read().split()
    args = parse(sys.argv[1:])
    note('calls', json.dumps({'argv': sys.argv[1:], 'environ': sorted(os.environ), 'cwd': os.getcwd(), 'group': os.getpgrp() == os.getpid(),
                              'ini': os.path.getsize(args.config_path), 'folders': [os.listdir(args.temp_path), os.listdir(args.jobs_path)]}))
    note('pids', str(os.getpid()))
    problem = check(args)
    if problem:
        sys.stderr.write('[FACEFUSION.CORE] %s\n' % problem)
        return 1
    if 'deaf' in mode:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if 'grandchild' in mode:  # in a session of its own, deaf, with our output open
        child = subprocess.Popen([sys.executable, '-c', 'import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'],
                                 start_new_session=True)
        note('pids', str(child.pid))
    if 'junk' in mode:
        sys.stdout.buffer.write(os.urandom(300000) + b'x' * 2000000 + b'\n999%|\nprocessing: 400%|\n-5%|/[\n%|%|%|\n')
        sys.stdout.flush()
    if 'silent' in mode:
        return 1
    if 'refuse' in mode:
        sys.stderr.write('facefusion.py: error: argument --x: cannot read %s\n' % args.target_path)
        return 2
    if 'signal' in mode:
        os.kill(os.getpid(), signal.SIGKILL)
    if 'hang' in mode:
        bars(40)
        time.sleep(600)
    if 'half' in mode:
        bars(50)
        with open(args.target_path, 'rb') as file, open(args.output_path, 'wb') as out:
            out.write(file.read(os.path.getsize(args.target_path) * 2 // 3))
        return 0
    bars()
    if 'link' in mode:
        os.symlink('/etc/passwd', args.output_path)
    elif 'kind' in mode:
        shutil.copyfile(args.source_paths[0], args.output_path)
    elif 'none' not in mode:
        shutil.copyfile(args.target_path, args.output_path)
    with open(os.path.join(args.temp_path, 'left'), 'w') as file:
        file.write('over')
    sys.stderr.write('[FACEFUSION.CORE] processing succeeded in 0.1 seconds\n')
    return 0


sys.exit(main())
