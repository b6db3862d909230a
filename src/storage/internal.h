/* What the files of this room share. */
#ifndef FUS_STORAGE_INTERNAL_H
#define FUS_STORAGE_INTERNAL_H

#include "base/crypto.h"
#include "storage/storage.h"

#define FUS_STORAGE_ROOTS_MAX 16
#define FUS_STORAGE_KEYS_MAX 8

struct fus_storage_root {
    char *given; /* as configured, without a trailing slash */
    char *real;  /* with symlinks resolved: clients may name either */
    int fd;
};

struct fus_storage_key {
    char id[17]; /* letters and digits */
    uint8_t secret[FUS_SHA256_SIZE];
};

/* Constant after fus_storage_open, so that no lock is needed. */
struct fus_storage {
    char *data_dir;
    char *temp_dir;
    char *output_dir;
    int temp_fd;
    int output_fd;
    uint64_t min_free_bytes;
    struct fus_storage_root roots[FUS_STORAGE_ROOTS_MAX];
    size_t root_count;
    struct fus_storage_key keys[FUS_STORAGE_KEYS_MAX]; /* the first one signs */
    size_t key_count;
};

/* Reads link.key of the data directory, making it first if there is none. */
int fus_storage_keys_load(struct fus_storage *storage, struct fus_error *err) FUS_MUST_CHECK;

/* A name that is one path component and nothing special: letters, digits, '_', '-', '.', no dot in
 * front, at most 128 characters. */
bool fus_storage_name_valid(const char *name) FUS_MUST_CHECK;

/* Copies what is readable from `from` (from its start) to `to`: a reflink if the file system can,
 * else through memory. max_bytes: FUS_E_MEDIA_TOO_LARGE. sha256 may be NULL. */
int fus_storage_copy(int from, int to, uint64_t max_bytes, char sha256[FUS_SHA256_HEX_SIZE],
                     struct fus_error *err) FUS_MUST_CHECK;

#endif
