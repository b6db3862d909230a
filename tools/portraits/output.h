/* Files of the portrait renderer: stills, truth, clips with sound. */
#ifndef PORTRAITS_OUTPUT_H
#define PORTRAITS_OUTPUT_H

#include "scene.h"
#include "script.h"

/* PNG, JPEG or WebP by the name's ending. */
int pt_output_still(const char *path, const struct fus_image *bgr,
                    struct fus_error *err) FUS_MUST_CHECK;
/* {"width", "height", "faces": [...]} */
int pt_output_truth(const char *path, const struct pt_scene_spec *spec,
                    const struct pt_truth *truth, struct fus_error *err) FUS_MUST_CHECK;

struct pt_clip {
    enum pt_script script;
    double seconds, fps;
    bool sound;
    float yaw; /* added to the script's, degrees */
};
/* Renders and writes; truth_path may be NULL. mp4, mov or mkv by the name's ending. */
int pt_output_clip(const char *path, const char *truth_path, const struct pt_scene_spec *spec,
                   const struct pt_clip *clip, struct fus_error *err) FUS_MUST_CHECK;

#endif
