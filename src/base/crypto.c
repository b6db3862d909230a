#include "base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

struct fus_sha256 {
    EVP_MD_CTX *context;
};

struct fus_sha256 *fus_sha256_new(void)
{
    struct fus_sha256 *sha = fus_calloc(1, sizeof(*sha));
    if (sha == NULL)
        return NULL;
    sha->context = EVP_MD_CTX_new();
    if (sha->context == NULL || EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL) != 1) {
        fus_sha256_free(sha);
        return NULL;
    }
    return sha;
}

void fus_sha256_update(struct fus_sha256 *sha, const void *bytes, size_t size)
{
    EVP_DigestUpdate(sha->context, bytes, size);
}

void fus_sha256_final(struct fus_sha256 *sha, uint8_t out[FUS_SHA256_SIZE])
{
    unsigned size = FUS_SHA256_SIZE;
    EVP_DigestFinal_ex(sha->context, out, &size);
    EVP_DigestInit_ex(sha->context, NULL, NULL);
}

void fus_sha256_free(struct fus_sha256 *sha)
{
    if (sha == NULL)
        return;
    EVP_MD_CTX_free(sha->context);
    fus_free(sha);
}

void fus_sha256(const void *bytes, size_t size, uint8_t out[FUS_SHA256_SIZE])
{
    unsigned written = FUS_SHA256_SIZE;
    if (EVP_Digest(bytes, size, out, &written, EVP_sha256(), NULL) != 1)
        abort(); /* only without SHA-256 in libcrypto: nothing could be trusted */
}

int fus_sha256_fd(int fd, char hex[FUS_SHA256_HEX_SIZE], struct fus_error *err)
{
    enum { CHUNK = 1 << 18 };
    FUS_CLEANUP(fus_sha256_free) struct fus_sha256 *sha = fus_sha256_new();
    FUS_AUTO_FREE uint8_t *chunk = fus_malloc(CHUNK);
    if (sha == NULL || chunk == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a digest.");
    off_t offset = 0;
    for (;;) {
        ssize_t got = pread(fd, chunk, CHUNK, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fus_error_errno(err, errno, "Reading a file failed");
        if (got == 0)
            break;
        fus_sha256_update(sha, chunk, (size_t)got);
        offset += got;
    }
    uint8_t digest[FUS_SHA256_SIZE];
    fus_sha256_final(sha, digest);
    fus_hex(digest, sizeof(digest), hex);
    return 0;
}

void fus_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
                     uint8_t out[FUS_SHA256_SIZE])
{
    unsigned written = FUS_SHA256_SIZE;
    if (HMAC(EVP_sha256(), key, (int)key_size, bytes, size, out, &written) == NULL)
        abort();
}

void fus_hex(const void *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = bytes;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * size] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool fus_unhex(const char *hex, void *out, size_t size)
{
    uint8_t *bytes = out;
    if (strlen(hex) != 2 * size)
        return false;
    for (size_t i = 0; i < 2 * size; i++) {
        if (hex_value(hex[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    return true;
}

void fus_base64url(const void *bytes, size_t size, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *in = bytes;
    unsigned bits = 0;
    int count = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | in[i];
        for (count += 8; count >= 6; count -= 6)
            *out++ = digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        *out++ = digits[bits << (6 - count) & 63];
    *out = '\0';
}

bool fus_equal_constant_time(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

bool fus_secret_equal(const char *a, const char *b)
{
    uint8_t da[FUS_SHA256_SIZE], db[FUS_SHA256_SIZE];
    fus_sha256(a, strlen(a), da);
    fus_sha256(b, strlen(b), db);
    return fus_equal_constant_time(da, db, sizeof(da));
}

void fus_random(void *bytes, size_t size)
{
    uint8_t *out = bytes;
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        out += got;
        size -= (size_t)got;
    }
}

/* 32 letters (Crockford's base 32), five random bits each, no modulo bias. */
static void random_letters(char *out, size_t count)
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint8_t bytes[32];
    fus_random(bytes, count);
    for (size_t i = 0; i < count; i++)
        out[i] = letters[bytes[i] & 31];
    out[count] = '\0';
}

void fus_id_new(const char *prefix, char out[FUS_ID_SIZE])
{
    char date[9], tail[14];
    fus_clock_date(fus_clock_real_us(), date);
    random_letters(tail, 13);
    snprintf(out, FUS_ID_SIZE, "%.8s_%s_%s", prefix, date, tail);
}

void fus_id_short(const char *prefix, char out[FUS_ID_SIZE])
{
    char tail[17];
    random_letters(tail, 16);
    snprintf(out, FUS_ID_SIZE, "%.8s_%s", prefix, tail);
}
