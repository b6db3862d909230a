/* Digests, MACs, randomness and text encodings (OpenSSL libcrypto behind). Thread-safe. */
#ifndef FUS_BASE_CRYPTO_H
#define FUS_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

#define FUS_SHA256_SIZE 32
#define FUS_SHA256_HEX_SIZE 65

struct fus_sha256; /* a running digest */
struct fus_sha256 *fus_sha256_new(void);
void fus_sha256_update(struct fus_sha256 *sha, const void *bytes, size_t size);
/* Writes the digest and resets. */
void fus_sha256_final(struct fus_sha256 *sha, uint8_t out[FUS_SHA256_SIZE]);
void fus_sha256_free(struct fus_sha256 *sha);
FUS_CLEANUP_DEFINE(fus_sha256_free, struct fus_sha256 *)

void fus_sha256(const void *bytes, size_t size, uint8_t out[FUS_SHA256_SIZE]);
/* Reads fd from its start with pread; the offset is not moved. Hex out. */
int fus_sha256_fd(int fd, char hex[FUS_SHA256_HEX_SIZE], struct fus_error *err) FUS_MUST_CHECK;
void fus_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
                     uint8_t out[FUS_SHA256_SIZE]);

/* out needs 2 * size + 1 characters. */
void fus_hex(const void *bytes, size_t size, char *out);
bool fus_unhex(const char *hex, void *out, size_t size) FUS_MUST_CHECK;
/* Unpadded base64url; out needs (size * 4 + 2) / 3 + 1 characters. */
void fus_base64url(const void *bytes, size_t size, char *out);

/* Compares in a time that does not depend on the contents. */
bool fus_equal_constant_time(const void *a, const void *b, size_t size);
/* Strings of any lengths, by comparing their SHA-256. */
bool fus_secret_equal(const char *a, const char *b);

/* getrandom; aborts the process if the kernel has none. */
void fus_random(void *bytes, size_t size);

#define FUS_ID_SIZE 40
/* "job_20261124_" + 13 characters of 0-9a-z without i l o u (65 bits). prefix: up to 8 letters. */
void fus_id_new(const char *prefix, char out[FUS_ID_SIZE]);
/* prefix + "_" + 16 such characters, without a date (request ids and the like). */
void fus_id_short(const char *prefix, char out[FUS_ID_SIZE]);

#endif
