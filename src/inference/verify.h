/* Is a model's file what it should be? Digests, what they are compared with, and what was measured
 * before.
 *
 * What decides, the first that is there: the file's record in the folder's manifest.json ("files",
 * written by `fusiond models add`), the sha256 of a row of that manifest, the .hash beside the file
 * (FaceFusion's own: CRC-32 as eight hex digits), the program's row (sha256, then crc32). A file of
 * a row that the operator wrote needs none of them; any other file does.
 *
 * Measured digests are remembered in .fusiond-verified.json of the folder by device, inode, size,
 * and times of change, so that a file is read once for each change; a folder that cannot be written
 * only costs that reading again. Paths are those of the server and never reach an error's detail.
 * Thread-safe: nothing is kept in memory, writes are atomic. */
#ifndef FUS_INFERENCE_VERIFY_H
#define FUS_INFERENCE_VERIFY_H

#include <sys/stat.h>

#include "base/crypto.h"
#include "inference/models.h"

#define FUS_CRC32_HEX_SIZE 9
#define FUS_VERIFIED_NAME ".fusiond-verified.json"

struct fus_digests {
    char sha256[FUS_SHA256_HEX_SIZE];
    char crc32[FUS_CRC32_HEX_SIZE];
};
void fus_digests_of(const void *bytes, size_t size, struct fus_digests *out);
/* Reads fd from its start; the offset is not moved. */
int fus_digests_fd(int fd, struct fus_digests *out, struct fus_error *err) FUS_MUST_CHECK;

/* The contents of a .hash: eight hex digits of either case, white space behind them. Lower case
 * out; false if it is anything else. */
bool fus_hash_parse(const void *bytes, size_t size, char crc32[FUS_CRC32_HEX_SIZE]) FUS_MUST_CHECK;
/* "iperov/x.dfm" -> "iperov/x.hash"; NULL out of memory. */
char *fus_hash_name(const char *file) FUS_MUST_CHECK;

enum fus_proof { FUS_PROOF_NONE, FUS_PROOF_SHA256, FUS_PROOF_CRC32 };
struct fus_expected {
    enum fus_proof proof;
    char hex[FUS_SHA256_HEX_SIZE];
    const char *source; /* for sentences: "the .hash beside it" */
};
/* FUS_E_MODEL_CORRUPT: the .hash is none. */
int fus_verify_expected(const char *folder, const struct fus_model *model,
                        struct fus_expected *expected, struct fus_error *err) FUS_MUST_CHECK;
/* 0, or FUS_E_MODEL_CORRUPT with a sentence. */
int fus_verify_compare(const struct fus_model *model, const struct fus_expected *expected,
                       const struct fus_digests *digests, struct fus_error *err) FUS_MUST_CHECK;

/* What was measured of that very file. */
bool fus_verify_remembered(const char *folder, const char *file, const struct stat *facts,
                           struct fus_digests *digests);
/* As far as the folder can be written. facts: those of the file as it was read. */
void fus_verify_remember(const char *folder, const char *file, const struct stat *facts,
                         const struct fus_digests *digests);
/* true if both are of the same file in the same state. */
bool fus_verify_same(const struct stat *a, const struct stat *b);

/* Measures the model's file (anew: even if it is remembered) and compares. FUS_E_MODEL_NOT_FOUND,
 * FUS_E_MODEL_CORRUPT. digests may be NULL. */
int fus_verify_file(const char *folder, const struct fus_model *model, bool anew,
                    struct fus_digests *digests, struct fus_error *err) FUS_MUST_CHECK;
/* The model's file in *bytes (to be freed with fus_free), proven. */
int fus_verify_read(const char *folder, const struct fus_model *model, void **bytes, size_t *size,
                    struct fus_digests *digests, struct fus_error *err) FUS_MUST_CHECK;

/* Writes the file's sha256 into "files" of the folder's manifest.json, which is made if there is
 * none; NULL takes its record out. FUS_E_INVALID_PARAMETER: the manifest is not JSON. */
int fus_verify_record(const char *folder, const char *file, const char *sha256,
                      struct fus_error *err) FUS_MUST_CHECK;

#endif
