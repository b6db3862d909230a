/* Files: whole reads, atomic writes, folders, free space. Blocking; thread-safe. */
#ifndef FUS_BASE_FS_H
#define FUS_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"

/* Closes fd if >= 0; for cleanup of int variables. */
void fus_close(int fd);
FUS_CLEANUP_DEFINE(fus_close, int)
#define FUS_AUTO_FD __attribute__((cleanup(fus_close_p)))

/* The whole file, one terminating NUL behind it (not counted). More than max bytes:
 * FUS_E_MEDIA_TOO_LARGE; missing: FUS_E_NOT_FOUND. The caller frees *bytes with fus_free. */
int fus_fs_read(const char *path, size_t max, void **bytes, size_t *size, struct fus_error *err)
    FUS_MUST_CHECK;
/* All of it, through short writes and EINTR. */
int fus_fs_write_all(int fd, const void *bytes, size_t size, struct fus_error *err) FUS_MUST_CHECK;
/* Writes beside `path`, fsyncs, renames over it, fsyncs the folder: the old or the new file is there,
 * never half of one. ENOSPC gives FUS_E_STORAGE_UNAVAILABLE. */
int fus_fs_write_atomic(const char *path, const void *bytes, size_t size, mode_t mode,
                        struct fus_error *err) FUS_MUST_CHECK;
/* Renames after fsync of the file, then fsyncs the folder. */
int fus_fs_publish(const char *temporary, const char *path, struct fus_error *err) FUS_MUST_CHECK;
/* mkdir -p. */
int fus_fs_mkdirs(const char *path, mode_t mode, struct fus_error *err) FUS_MUST_CHECK;
/* Removes a tree without following symlinks; a missing one is no error. */
int fus_fs_remove_tree(const char *path, struct fus_error *err);
/* "dir/name" in a new string, NULL out of memory. */
char *fus_fs_join(const char *folder, const char *name) FUS_MUST_CHECK;
/* Bytes free for this user on the file system of path; 0 if it can't be told. */
uint64_t fus_fs_free_bytes(const char *path);
bool fus_fs_exists(const char *path);
/* Size, or -1. */
int64_t fus_fs_size(const char *path);

#endif
