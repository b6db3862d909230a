/* The content gate: three classifiers look at a picture; it is explicit if two of them say so
 * (spec/content_safety.md). One gate belongs to one thread; the sessions behind it are shared. */
#ifndef FUS_SAFETY_GATE_H
#define FUS_SAFETY_GATE_H

#include "base/image.h"
#include "base/macros.h"
#include "inference/models.h"

enum { FUS_GATE_NETS = 3 };
/* A clip is refused when more than this share (percent) of its sampled frames is explicit. */
#define FUS_GATE_RATE_MAX 10.0

/* The score of net 0..2 from its first output: EraX' detector [1, 4 + classes, n]: the greatest
 * class value; Marqo's [2]: d0 - d1; Freepik's [4]: (d2 + d3) - (d0 + d1). NaN (no vote, and not a
 * score) for an output of another size. Pure. */
double fus_gate_score(int net, const struct fus_tensor *output);
/* The net's vote: is its score above its threshold? Pure. */
bool fus_gate_vote(int net, double score);

struct fus_gate;
/* Row `net` of the gate, or NULL if the manifest lacks it. */
const struct fus_model *fus_gate_model(const struct fus_models *models, int net);
/* All three are there; else *missing (may be NULL) is the first that is not. */
bool fus_gate_installed(const struct fus_models *models, const struct fus_model **missing);
/* FUS_E_MODEL_NOT_FOUND with the command that installs them, FUS_E_MODEL_CORRUPT. */
int fus_gate_new(struct fus_models *models, int threads, struct fus_gate **gate,
                 struct fus_error *err) FUS_MUST_CHECK;
void fus_gate_free(struct fus_gate *gate);
FUS_CLEANUP_DEFINE(fus_gate_free, struct fus_gate *)

/* Looks at a BGR8 picture. scores may be NULL. */
int fus_gate_look(struct fus_gate *gate, const struct fus_image *bgr, bool *explicit_content,
                  double scores[FUS_GATE_NETS], struct fus_error *err) FUS_MUST_CHECK;

#endif
