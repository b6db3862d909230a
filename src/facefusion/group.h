/* A program and all that it starts, of which nothing is left in the end.
 *
 * Between us and the program stands a keeper, a child of ours that adopts whatever the program
 * leaves behind, in whatever session or group. It ends when the last of them is gone; when we are
 * gone, by SIGKILL even, it kills them all. The program has a process group of its own. Used by one
 * thread. Internal to the room. */
#ifndef FUS_FACEFUSION_GROUP_H
#define FUS_FACEFUSION_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"

struct fus_group {
    pid_t keeper;
    int control; /* writing end: a byte asks to end, closing it kills */
    int said;    /* reading end of stdout and stderr, does not block */
};
/* No shell, nothing inherited but these: arguments[0] is the path of the program. Only fork, no
 * memory, after which the struct must be ended. FUS_E_ENGINE_FAILED. */
int fus_group_start(struct fus_group *group, const char *folder, char *const arguments[],
                    char *const environment[], struct fus_error *err) FUS_MUST_CHECK;
/* SIGTERM to the process group. */
void fus_group_ask(struct fus_group *group);
/* SIGKILL to everything. */
void fus_group_kill(struct fus_group *group);
/* true: all have ended; *status as of waitpid, of the program. Never blocks. */
bool fus_group_ended(struct fus_group *group, int *status);
/* Kills what is left, waits, closes. */
void fus_group_done(struct fus_group *group);

#endif
