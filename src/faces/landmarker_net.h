/* FaceFusion's 68-point landmarkers 2dfan4 and peppa_wutz, one of them or both, and the rule that
 * chooses between them (spec/pipeline.md 6). One belongs to one thread. */
#ifndef FUS_FACES_LANDMARKER_NET_H
#define FUS_FACES_LANDMARKER_NET_H

#include "faces/face.h"
#include "inference/models.h"
#include "vision/resize.h"

struct fus_landmarker_net;
/* true if this version has the code that runs the model. */
bool fus_landmarker_net_runs(const struct fus_model *model);
/* fan, peppa: a row of family 2dfan4 and one of family peppa_wutz; one of them may be NULL. */
int fus_landmarker_net_new(struct fus_models *models, const struct fus_model *fan,
                           const struct fus_model *peppa, bool opencv_4, int threads,
                           struct fus_landmarker_net **net, struct fus_error *err) FUS_MUST_CHECK;
void fus_landmarker_net_free(struct fus_landmarker_net *net);
FUS_CLEANUP_DEFINE(fus_landmarker_net_free, struct fus_landmarker_net *)

/* The face in a box, turned by angle (0, 90, 180, 270). *found false: no points (numbers that are
 * none, or peppa_wutz alone is not sure); landmarks_68 and score are then left alone. */
int fus_landmarker_net_find(struct fus_landmarker_net *net, const struct fus_plane *bgr,
                            const struct fus_box *box, int angle, struct fus_point landmarks_68[68],
                            float *score, bool *found, struct fus_error *err) FUS_MUST_CHECK;

enum fus_landmarker_choice { FUS_LANDMARKS_NONE, FUS_LANDMARKS_FAN, FUS_LANDMARKS_PEPPA };
/* Whose points count; the score of one that did not run is 0. */
enum fus_landmarker_choice fus_landmarker_choose(bool fan_ran, bool peppa_ran, double fan_score,
                                                 double peppa_score);
/* Mean of the maxima of `maps` heat maps of `pixels` values, 0..0.9 stretched to 0..1. */
double fus_landmarker_heat_score(const float *heat, size_t maps, size_t pixels);

#endif
