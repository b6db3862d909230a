/* Inputs staged, results put, links signed; local directory. The data directory:
 *   input/  output/  temp/  models/  store.db  link.key (0600)
 * Thread-safe. */
#ifndef FUS_STORAGE_STORAGE_H
#define FUS_STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "config/config.h"

struct fus_storage;
/* Makes the folders (0700), reads or makes the link signing key (32 random bytes, 0600), opens the
 * input roots. Missing roots are skipped (doctor says so). */
int fus_storage_open(const struct fus_config *config, struct fus_storage **storage,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_storage_free(struct fus_storage *storage);
FUS_CLEANUP_DEFINE(fus_storage_free, struct fus_storage *)

/* Opens a path named by a client: relative ones resolve beneath the first root, absolute ones must
 * lie beneath one of the roots; openat2 RESOLVE_BENEATH|RESOLVE_NO_MAGICLINKS, regular files only.
 * FUS_E_SOURCE_FORBIDDEN (outside, symlink that leaves, a device), FUS_E_SOURCE_FETCH_FAILED
 * (missing). The detail repeats the client's text, never the server's path. */
int fus_storage_open_input(struct fus_storage *storage, const char *name, int *fd,
                           struct fus_error *err) FUS_MUST_CHECK;

/* The job's own folder temp/<job_id>/ (0700), made if missing. New string (fus_free). */
int fus_storage_job_dir(struct fus_storage *storage, const char *job_id, char **path,
                        struct fus_error *err) FUS_MUST_CHECK;
void fus_storage_job_dir_remove(struct fus_storage *storage, const char *job_id);
/* Files that a client is sending lie in a folder of their own, which the reaper leaves alone, until
 * the request has proven right: then the folder becomes the job's (durably), just before the job's
 * row is inserted. */
int fus_storage_upload_dir(struct fus_storage *storage, const char *job_id, char **path,
                           struct fus_error *err) FUS_MUST_CHECK;
int fus_storage_upload_adopt(struct fus_storage *storage, const char *job_id,
                             struct fus_error *err) FUS_MUST_CHECK;
void fus_storage_upload_remove(struct fus_storage *storage, const char *job_id);
/* Removes what a former life of the server was sent and did not adopt. Only while nothing can be
 * uploading. */
void fus_storage_uploads_clear(struct fus_storage *storage);
/* Names of job folders now in temp/, for the reaper: calls each with the job id. Folders that
 * changed less than a minute ago are left out (their row may be about to be written); uploads
 * abandoned for a day are removed. */
void fus_storage_job_dirs(struct fus_storage *storage, void (*each)(void *user, const char *job_id),
                          void *user);

/* Copies an open input into the job's folder (a reflink where the file system can), hashing on the
 * way. max_bytes: FUS_E_MEDIA_TOO_LARGE. *path new string. */
int fus_storage_stage(struct fus_storage *storage, int fd, const char *job_id, const char *name,
                      uint64_t max_bytes, char **path, char sha256[65],
                      struct fus_error *err) FUS_MUST_CHECK;

/* Publishes a finished file of the job's folder as output/<object> (rename; fsync of file and
 * folder). The same object may be put again (a later attempt): it replaces. */
int fus_storage_put_result(struct fus_storage *storage, const char *path, const char *object,
                           struct fus_error *err) FUS_MUST_CHECK;
/* Opens a result for reading. FUS_E_NOT_FOUND. */
int fus_storage_open_result(struct fus_storage *storage, const char *object, int *fd,
                            uint64_t *size, struct fus_error *err) FUS_MUST_CHECK;
int fus_storage_delete_result(struct fus_storage *storage, const char *object,
                              struct fus_error *err);
/* Every object now in output/, for the reaper. */
void fus_storage_results(struct fus_storage *storage, void (*each)(void *user, const char *object),
                         void *user);

/* "/files/<object>?expires=<unix>&key=<key id>&signature=<base64url hmac>" (HMAC-SHA256 over object
 * and expiry). New string. */
char *fus_storage_sign(struct fus_storage *storage, const char *object,
                       int64_t expires_unix) FUS_MUST_CHECK;
/* false if wrong, expired or of an unknown key; constant time in the signature. */
bool fus_storage_verify(struct fus_storage *storage, const char *object, const char *expires,
                        const char *key, const char *signature) FUS_MUST_CHECK;

/* MAC of a text under a secret of this data directory, for identifiers that only this server can
 * make; `purpose` keeps uses apart. false: out of memory. */
bool fus_storage_mac(struct fus_storage *storage, const char *purpose, const char *text,
                     uint8_t mac[32]) FUS_MUST_CHECK;

/* true while at least min_free_bytes are free where the data lies. */
bool fus_storage_has_space(const struct fus_storage *storage);

#endif
