/* FaceFusion's face tracker (spec/pipeline.md 13): faces of a frame are those of the tracks that
 * run through a window of frames around it; where a track has a gap at that frame, its face is
 * interpolated between its neighbours in time. Against single frames in which the detector misses a
 * face. Looks ahead, keeps no state from window to window.
 *
 * A plain state machine over frames' faces. One thread. Of each frame only its faces are kept, in
 * memory that is reused: after the first frames nothing is allocated. */
#ifndef FUS_FACES_TRACK_WINDOW_H
#define FUS_FACES_TRACK_WINDOW_H

#include "faces/face.h"

#define FUS_TRACK_WINDOW_REACH_MAX 10

struct fus_track_window;
/* reach: frames before and behind (target_frame_amount), 0..FUS_TRACK_WINDOW_REACH_MAX; score: a
 * face goes on with a track whose box it overlaps by more than this (IoU). */
int fus_track_window_new(int reach, double score, struct fus_track_window **window,
                         struct fus_error *err) FUS_MUST_CHECK;
void fus_track_window_free(struct fus_track_window *window);
FUS_CLEANUP_DEFINE(fus_track_window_free, struct fus_track_window *)

/* Faces of the next frame, in the order in which the detector gave them. Before each push all
 * frames that are ready are to be popped. To cut a clip as upstream does, push up to `reach` frames
 * that lie before the first wanted one, too, and throw their pops away; frames that the clip does
 * not have are simply not pushed. */
int fus_track_window_push(struct fus_track_window *window, const struct fus_faces *faces,
                          struct fus_error *err) FUS_MUST_CHECK;
/* The faces of the oldest frame that was not popped yet, in the order of their tracks; false while
 * frames that it has to look at are missing, and when none is left. Faces between two others are
 * refilled: points, box and angle are interpolated, the rest is that of the nearer one. */
bool fus_track_window_pop(struct fus_track_window *window, struct fus_faces *faces);
/* No further frame: the rest can be popped. A push begins a new clip. */
void fus_track_window_finish(struct fus_track_window *window);

#endif
