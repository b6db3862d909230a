#include "inference/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "inference/manifest.h"

enum {
    CHUNK = 1 << 18,
    HASH_BYTES_MAX = 64,
};
#define MODEL_BYTES_MAX ((size_t)2 << 30)

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to verify a model.");
}

static int corrupt(const struct fus_model *model, const char *why, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_MODEL_CORRUPT, "The %s model %s %s.", model->role, model->id,
                         why);
}

static void crc_hex(uLong crc, char out[FUS_CRC32_HEX_SIZE])
{
    (void)snprintf(out, FUS_CRC32_HEX_SIZE, "%08lx", (unsigned long)crc & 0xffffffffUL);
}

void fus_digests_of(const void *bytes, size_t size, struct fus_digests *out)
{
    uint8_t digest[FUS_SHA256_SIZE];
    fus_sha256(bytes, size, digest);
    fus_hex(digest, sizeof(digest), out->sha256);
    crc_hex(crc32_z(crc32_z(0, NULL, 0), bytes, size), out->crc32);
}

int fus_digests_fd(int fd, struct fus_digests *out, struct fus_error *err)
{
    FUS_CLEANUP(fus_sha256_free) struct fus_sha256 *sha = fus_sha256_new();
    FUS_AUTO_FREE uint8_t *chunk = fus_malloc(CHUNK);
    if (sha == NULL || chunk == NULL)
        return no_memory(err);
    uLong crc = crc32_z(0, NULL, 0);
    off_t offset = 0;
    for (;;) {
        ssize_t got = pread(fd, chunk, CHUNK, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fus_error_errno(err, errno, "Reading a model failed");
        if (got == 0)
            break;
        fus_sha256_update(sha, chunk, (size_t)got);
        crc = crc32_z(crc, chunk, (size_t)got);
        offset += got;
    }
    uint8_t digest[FUS_SHA256_SIZE];
    fus_sha256_final(sha, digest);
    fus_hex(digest, sizeof(digest), out->sha256);
    crc_hex(crc, out->crc32);
    return 0;
}

bool fus_hash_parse(const void *bytes, size_t size, char crc32[FUS_CRC32_HEX_SIZE])
{
    const char *text = bytes;
    if (size < 8 || size > HASH_BYTES_MAX)
        return false;
    char hex[FUS_CRC32_HEX_SIZE] = {0};
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (i >= 8 && strchr(" \t\r\n", c) != NULL && c != '\0')
            continue;
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (i >= 8 || !digit)
            return false;
        hex[i] = c;
    }
    memcpy(crc32, hex, sizeof(hex));
    return true;
}

char *fus_hash_name(const char *file)
{
    const char *slash = strrchr(file, '/'), *dot = strrchr(file, '.');
    size_t stem =
        dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - file) : strlen(file);
    FUS_AUTO_STR struct fus_str name = {0};
    fus_str_append_n(&name, file, stem);
    fus_str_append(&name, ".hash");
    return fus_str_take(&name);
}

static void expect(struct fus_expected *expected, enum fus_proof proof, const char *hex,
                   const char *source)
{
    expected->proof = proof;
    expected->source = source;
    (void)fus_strlcpy(expected->hex, hex, sizeof(expected->hex));
}

/* A JSON object from a file of the folder, or NULL. */
static json_t *load(const char *folder, const char *name)
{
    FUS_AUTO_FREE char *path = fus_fs_join(folder, name);
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    if (path == NULL || fus_fs_read(path, FUS_MANIFEST_BYTES_MAX, &bytes, &size, NULL) != 0)
        return NULL;
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

/* The sha256 that `models add` wrote down. */
static bool recorded(const char *folder, const char *file, char hex[FUS_SHA256_HEX_SIZE])
{
    json_t *root = load(folder, "manifest.json");
    const json_t *record = json_object_get(json_object_get(root, "files"), file);
    const char *text = json_string_value(json_object_get(record, "sha256"));
    bool found = text != NULL && strlen(text) == FUS_SHA256_HEX_SIZE - 1;
    if (found)
        (void)fus_strlcpy(hex, text, FUS_SHA256_HEX_SIZE);
    json_decref(root);
    return found;
}

int fus_verify_expected(const char *folder, const struct fus_model *model,
                        struct fus_expected *expected, struct fus_error *err)
{
    *expected = (struct fus_expected){FUS_PROOF_NONE, "", ""};
    char hex[FUS_SHA256_HEX_SIZE];
    if (recorded(folder, model->file, hex)) {
        expect(expected, FUS_PROOF_SHA256, hex, "its record in the folder's manifest.json");
        return 0;
    }
    if (model->of_folder && model->sha256[0] != '\0') {
        expect(expected, FUS_PROOF_SHA256, model->sha256, "its manifest row");
        return 0;
    }
    FUS_AUTO_FREE char *name = fus_hash_name(model->file);
    FUS_AUTO_FREE char *path = name != NULL ? fus_fs_join(folder, name) : NULL;
    if (path == NULL)
        return no_memory(err);
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    int rc = fus_fs_read(path, HASH_BYTES_MAX, &bytes, &size, err);
    if (rc == FUS_E_OUT_OF_MEMORY)
        return rc;
    if (rc == 0 || rc == FUS_E_MEDIA_TOO_LARGE) {
        char crc[FUS_CRC32_HEX_SIZE];
        if (rc != 0 || !fus_hash_parse(bytes, size, crc))
            return corrupt(model, "cannot be verified: the .hash beside it is damaged", err);
        expect(expected, FUS_PROOF_CRC32, crc, "the .hash beside it");
    } else if (model->sha256[0] != '\0') {
        expect(expected, FUS_PROOF_SHA256, model->sha256, "its manifest row");
    } else if (model->crc32[0] != '\0') {
        expect(expected, FUS_PROOF_CRC32, model->crc32, "its manifest row");
    }
    return 0;
}

int fus_verify_compare(const struct fus_model *model, const struct fus_expected *expected,
                       const struct fus_digests *digests, struct fus_error *err)
{
    bool sha = expected->proof == FUS_PROOF_SHA256;
    if (expected->proof == FUS_PROOF_NONE && model->of_folder)
        return 0;
    if (expected->proof == FUS_PROOF_NONE)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s cannot be verified: no .hash lies beside it and "
                             "nothing is recorded of it. If you trust the file: fusiond models add "
                             "FILE --id %s.",
                             model->role, model->id, model->id);
    if (strcmp(expected->hex, sha ? digests->sha256 : digests->crc32) == 0)
        return 0;
    return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                         "The %s model %s is damaged or not the file it should be: its %s is not "
                         "that of %s.",
                         model->role, model->id, sha ? "SHA-256" : "CRC-32", expected->source);
}

/* ---- what was measured before ---- */

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

bool fus_verify_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           nanoseconds(a->st_mtim) == nanoseconds(b->st_mtim) &&
           nanoseconds(a->st_ctim) == nanoseconds(b->st_ctim);
}

static json_t *key_of(const struct stat *facts)
{
    return json_pack("[I, I, I, I, I]", (json_int_t)facts->st_dev, (json_int_t)facts->st_ino,
                     (json_int_t)facts->st_size, (json_int_t)nanoseconds(facts->st_mtim),
                     (json_int_t)nanoseconds(facts->st_ctim));
}

bool fus_verify_remembered(const char *folder, const char *file, const struct stat *facts,
                           struct fus_digests *digests)
{
    json_t *root = load(folder, FUS_VERIFIED_NAME), *key = key_of(facts);
    const json_t *entry = json_object_get(json_object_get(root, "files"), file);
    const char *sha = json_string_value(json_object_get(entry, "sha256"));
    const char *crc = json_string_value(json_object_get(entry, "crc32"));
    bool found = key != NULL && json_equal(json_object_get(entry, "file"), key) == 1 &&
                 sha != NULL && strlen(sha) == FUS_SHA256_HEX_SIZE - 1 && crc != NULL &&
                 strlen(crc) == FUS_CRC32_HEX_SIZE - 1;
    if (found) {
        (void)fus_strlcpy(digests->sha256, sha, sizeof(digests->sha256));
        (void)fus_strlcpy(digests->crc32, crc, sizeof(digests->crc32));
    }
    json_decref(key);
    json_decref(root);
    return found;
}

/* root as the folder's file `name`. */
static int store(const char *folder, const char *name, const json_t *root, mode_t mode,
                 struct fus_error *err)
{
    FUS_AUTO_FREE char *path = fus_fs_join(folder, name);
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    int rc = path == NULL || text == NULL
                 ? no_memory(err)
                 : fus_fs_write_atomic(path, text, strlen(text), mode, err);
    free(text);
    return rc;
}

/* The object `key` of root, made if it is not there; borrowed. */
static json_t *child(json_t *root, const char *key)
{
    json_t *object = json_object_get(root, key);
    if (json_is_object(object))
        return object;
    return json_object_set_new(root, key, json_object()) == 0 ? json_object_get(root, key) : NULL;
}

void fus_verify_remember(const char *folder, const char *file, const struct stat *facts,
                         const struct fus_digests *digests)
{
    json_t *root = load(folder, FUS_VERIFIED_NAME);
    if (root == NULL)
        root = json_pack("{s:i}", "version", 1);
    json_t *entry = json_pack("{s:o, s:s, s:s}", "file", key_of(facts), "sha256", digests->sha256,
                              "crc32", digests->crc32);
    /* A folder that cannot be written is measured again the next time; that is all. */
    if (json_object_set_new(child(root, "files"), file, entry) == 0)
        (void)!store(folder, FUS_VERIFIED_NAME, root, 0600, NULL);
    json_decref(root);
}

int fus_verify_record(const char *folder, const char *file, const char *sha256,
                      struct fus_error *err)
{
    FUS_AUTO_FREE char *path = fus_fs_join(folder, "manifest.json");
    if (path == NULL)
        return no_memory(err);
    bool there = fus_fs_exists(path);
    json_t *root = there ? load(folder, "manifest.json")
                         : json_pack("{s:i, s:[]}", "manifest_version", 1, "models");
    if (root == NULL)
        return there ? fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                     "The models folder's manifest.json cannot be read as JSON.")
                     : no_memory(err);
    json_t *files = child(root, "files");
    int failed = 0, rc = 0;
    bool known = json_object_get(files, file) != NULL;
    if (sha256 != NULL)
        failed = json_object_set_new(files, file, json_pack("{s:s}", "sha256", sha256));
    else if (known)
        failed = json_object_del(files, file);
    if (failed != 0)
        rc = no_memory(err);
    else if (sha256 != NULL || known)
        rc = store(folder, "manifest.json", root, 0644, err);
    json_decref(root);
    return rc;
}

/* ---- files ---- */

static int open_file(const char *folder, const struct fus_model *model, int *fd, struct stat *facts,
                     struct fus_error *err)
{
    FUS_AUTO_FREE char *path = fus_fs_join(folder, model->file);
    if (path == NULL)
        return no_memory(err);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "The %s model %s is not installed.",
                             model->role, model->id);
    if (*fd < 0 || fstat(*fd, facts) != 0)
        return fus_error_errno(err, errno, "Opening a model failed");
    if (!S_ISREG(facts->st_mode))
        return corrupt(model, "is not a file", err);
    if ((uint64_t)facts->st_size > MODEL_BYTES_MAX)
        return corrupt(model, "is larger than 2 GiB", err);
    return 0;
}

/* Compares, and remembers what was measured of a file that stood still. */
static int conclude(const char *folder, const struct fus_model *model, int fd,
                    const struct stat *facts, bool measured, const struct fus_digests *digests,
                    struct fus_error *err)
{
    struct stat after;
    if (fstat(fd, &after) != 0 || !fus_verify_same(facts, &after))
        return corrupt(model, "was changed while it was read", err);
    if (measured)
        fus_verify_remember(folder, model->file, facts, digests);
    struct fus_expected expected;
    int rc = fus_verify_expected(folder, model, &expected, err);
    return rc != 0 ? rc : fus_verify_compare(model, &expected, digests, err);
}

int fus_verify_file(const char *folder, const struct fus_model *model, bool anew,
                    struct fus_digests *out, struct fus_error *err)
{
    FUS_AUTO_FD int fd = -1;
    struct stat facts;
    struct fus_digests digests = {"", ""};
    int rc = open_file(folder, model, &fd, &facts, err);
    bool measure = anew || rc != 0 || !fus_verify_remembered(folder, model->file, &facts, &digests);
    if (rc == 0 && measure)
        rc = fus_digests_fd(fd, &digests, err);
    if (rc == 0)
        rc = conclude(folder, model, fd, &facts, measure, &digests, err);
    if (rc == 0 && out != NULL)
        *out = digests;
    return rc;
}

static int read_whole(int fd, size_t size, void **bytes, struct fus_error *err)
{
    FUS_AUTO_FREE char *buffer = fus_malloc(size + 1);
    if (buffer == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to read a model.");
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, buffer + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fus_error_errno(err, errno, "Reading a model failed");
        if (got == 0)
            return fus_error_set(err, FUS_E_MODEL_CORRUPT, "A model shrank while it was read.");
        done += (size_t)got;
    }
    *bytes = FUS_TAKE(buffer);
    return 0;
}

int fus_verify_read(const char *folder, const struct fus_model *model, void **out, size_t *size,
                    struct fus_digests *digests, struct fus_error *err)
{
    FUS_AUTO_FD int fd = -1;
    struct stat facts;
    FUS_AUTO_FREE void *bytes = NULL;
    int rc = open_file(folder, model, &fd, &facts, err);
    if (rc == 0)
        rc = read_whole(fd, (size_t)facts.st_size, &bytes, err);
    if (rc != 0)
        return rc;
    bool measure = !fus_verify_remembered(folder, model->file, &facts, digests);
    if (measure)
        fus_digests_of(bytes, (size_t)facts.st_size, digests);
    rc = conclude(folder, model, fd, &facts, measure, digests, err);
    if (rc != 0)
        return rc;
    *size = (size_t)facts.st_size;
    *out = FUS_TAKE(bytes);
    return 0;
}
