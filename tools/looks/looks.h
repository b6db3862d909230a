/* What the parts of looks share. */
#ifndef LOOKS_LOOKS_H
#define LOOKS_LOOKS_H

#include <stdbool.h>

#include "faces/analyser.h"
#include "inference/models.h"
#include "processors/mesh_blend/mesh_blend.h"

struct looks {
    struct fus_runtime *runtime;
    struct fus_models *models;
    struct fus_analyser *analyser;
    char media[512], model_folder[512], study[512]; /* folders */
    char out[512];
    bool missed; /* a goal */
};

/* mesh_blend with its standard settings. */
int looks_blend(bool clip, struct fus_mesh_blend **blend, struct fus_error *err) FUS_MUST_CHECK;
/* "  gain 0.371   goal >= 0.364   PASS" */
void looks_verdict(struct looks *looks, const char *name, float value, bool at_least, float goal,
                   const char *beside);

int looks_pairs(struct looks *looks, struct fus_error *err) FUS_MUST_CHECK;
int looks_flicker(struct looks *looks, struct fus_error *err) FUS_MUST_CHECK;
int looks_lag(struct looks *looks, struct fus_error *err) FUS_MUST_CHECK;

#endif
