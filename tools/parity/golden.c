#include "golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

/* Recorded values of processors that this version does not have: counted, not compared. */
static const char *const not_built[] = {
    "lip_syncer",
    "processors2/background_remover",
    "processors2/frame_colorizer",
    "processors3/age_modifier",
    "processors3/expression_restorer",
    "processors3/live_portrait",
    "processors4/deep_swapper",
    "processors4/face_editor",
    "audio",
};

static size_t files_below(const char *folder, int depth)
{
    struct dirent **names = NULL;
    size_t files = 0;
    int count = depth > 0 ? scandir(folder, &names, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (names[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
            if (names[i]->d_type == DT_DIR)
                files += files_below(path, depth - 1);
            else
                files++;
        }
        free(names[i]);
    }
    free(names);
    return files;
}

static void count_not_built(struct parity *run)
{
    for (size_t i = 0; i < FUS_COUNT(not_built); i++) {
        char path[4096];
        if (run->only_case || (run->only_family && !strstr(not_built[i], run->only_family)))
            continue;
        snprintf(path, sizeof path, "%s/%s", run->golden, not_built[i]);
        parity_report_count(run->report, not_built[i], PARITY_NOT_BUILT, files_below(path, 4),
                            "not built");
    }
}

void parity_golden(struct parity *run)
{
    static void (*const families[])(struct parity *) = {
        parity_golden_vision,  parity_golden_detector,      parity_golden_analysis,
        parity_golden_swapper, parity_golden_face_enhancer, parity_golden_frame_enhancer,
        parity_golden_content, parity_golden_debugger,      parity_golden_synthetic,
    };
    if (!fus_fs_exists(run->golden)) {
        parity_report_count(run->report, "golden", PARITY_SKIPPED, 1,
                            "folder of recorded values not here");
        return;
    }
    for (size_t i = 0; i < FUS_COUNT(families); i++) {
        families[i](run);
        parity_forget(run);
    }
    count_not_built(run);
}
