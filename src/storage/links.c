/* Signed links. The key file is text, a line each: "<key id> <64 hex digits>"; the first line
 * signs, all of them verify, so that a key is rotated by putting a new line in front. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "storage/internal.h"

#define KEY_FILE "link.key"
#define KEY_FILE_MAX 4096
#define SIGNATURE_SIZE 44 /* 43 characters of base64url and NUL */

/* Written beside and linked into place, so that of two servers that start together one key wins. */
static int make_key_file(const char *path, struct fus_error *err)
{
    uint8_t secret[FUS_SHA256_SIZE], id[4];
    char hex[FUS_SHA256_HEX_SIZE], id_hex[9], unique[FUS_ID_SIZE];
    fus_random(secret, sizeof(secret));
    fus_random(id, sizeof(id));
    fus_hex(secret, sizeof(secret), hex);
    fus_hex(id, sizeof(id), id_hex);
    fus_id_short("key", unique);
    FUS_AUTO_STR struct fus_str temporary = {0}, line = {0};
    fus_str_printf(&temporary, "%s.%s", path, unique);
    fus_str_printf(&line, "%s %s\n", id_hex, hex);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(hex, sizeof(hex));
    if (temporary.failed || line.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to make the link signing key.");
    int rc = fus_fs_write_atomic(temporary.text, line.text, line.length, 0600, err);
    explicit_bzero(line.text, line.length);
    if (rc != 0)
        return rc;
    int linked = link(temporary.text, path) == 0 || errno == EEXIST ? 0 : errno;
    unlink(temporary.text);
    if (linked != 0)
        return fus_error_errno(err, linked, "Making the link signing key failed");
    return 0;
}

static bool parse_line(char *line, struct fus_storage_key *key)
{
    char *space = strchr(line, ' ');
    if (space == NULL || space == line || (size_t)(space - line) >= sizeof(key->id))
        return false;
    *space = '\0';
    for (const char *c = line; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c))
            return false;
    fus_strlcpy(key->id, line, sizeof(key->id));
    return strlen(space + 1) == 2 * sizeof(key->secret) &&
           fus_unhex(space + 1, key->secret, sizeof(key->secret));
}

static int parse_keys(struct fus_storage *storage, char *text, struct fus_error *err)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (storage->key_count == FUS_STORAGE_KEYS_MAX)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER, KEY_FILE " has more than %d keys.",
                                 FUS_STORAGE_KEYS_MAX);
        if (!parse_line(line, &storage->keys[storage->key_count]))
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 KEY_FILE ": line %zu is not \"<key id> <64 hex digits>\".",
                                 storage->key_count + 1);
        storage->key_count++;
    }
    if (storage->key_count == 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, KEY_FILE " is empty.");
    return 0;
}

int fus_storage_keys_load(struct fus_storage *storage, struct fus_error *err)
{
    FUS_AUTO_FREE char *path = fus_fs_join(storage->data_dir, KEY_FILE);
    if (path == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    struct stat facts;
    if (lstat(path, &facts) != 0) {
        int rc = make_key_file(path, err);
        if (rc != 0)
            return rc;
        if (lstat(path, &facts) != 0)
            return fus_error_errno(err, errno, "Reading the link signing key failed");
    }
    if (!S_ISREG(facts.st_mode) || (facts.st_mode & 077) != 0)
        return fus_error_set(err, FUS_E_FORBIDDEN,
                             KEY_FILE
                             " in the data directory may be read by other users: make it a "
                             "file of mode 0600.");
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    int rc = fus_fs_read(path, KEY_FILE_MAX, &bytes, &size, err);
    if (rc != 0)
        return rc;
    rc = parse_keys(storage, bytes, err);
    explicit_bzero(bytes, size);
    return rc;
}

/* The version in front keeps a signature from ever meaning something else under the same key. */
static bool make_signature(const struct fus_storage_key *key, const char *object,
                           const char *expires, char out[SIGNATURE_SIZE])
{
    uint8_t mac[FUS_SHA256_SIZE];
    FUS_AUTO_STR struct fus_str text = {0};
    fus_str_printf(&text, "fusiond link 1\n%s\n%s", object, expires);
    if (text.failed)
        return false;
    fus_hmac_sha256(key->secret, sizeof(key->secret), text.text, text.length, mac);
    fus_base64url(mac, sizeof(mac), out);
    return true;
}

char *fus_storage_sign(struct fus_storage *storage, const char *object, int64_t expires_unix)
{
    char signature[SIGNATURE_SIZE];
    FUS_AUTO_STR struct fus_str expires = {0}, link = {0};
    const struct fus_storage_key *key = &storage->keys[0];
    fus_str_printf(&expires, "%lld", (long long)expires_unix);
    if (!fus_storage_name_valid(object) || expires.failed ||
        !make_signature(key, object, expires.text, signature))
        return NULL;
    fus_str_printf(&link, "/files/%s?expires=%s&key=%s&signature=%s", object, expires.text, key->id,
                   signature);
    return fus_str_take(&link);
}

bool fus_storage_verify(struct fus_storage *storage, const char *object, const char *expires,
                        const char *key, const char *signature)
{
    char wanted[SIGNATURE_SIZE];
    int64_t until = 0;
    if (object == NULL || expires == NULL || key == NULL || signature == NULL ||
        !fus_storage_name_valid(object) || !fus_parse_int(expires, 0, INT64_MAX / 1000000, &until))
        return false;
    for (size_t i = 0; i < storage->key_count; i++) {
        if (strcmp(storage->keys[i].id, key) != 0)
            continue;
        if (!make_signature(&storage->keys[i], object, expires, wanted))
            return false;
        return fus_secret_equal(wanted, signature) && fus_clock_real_us() / 1000000 < until;
    }
    return false;
}

bool fus_storage_mac(struct fus_storage *storage, const char *purpose, const char *text,
                     uint8_t mac[32])
{
    FUS_AUTO_STR struct fus_str whole = {0};
    fus_str_printf(&whole, "fusiond %s 1\n%s", purpose, text);
    if (whole.failed)
        return false;
    fus_hmac_sha256(storage->keys[0].secret, sizeof(storage->keys[0].secret), whole.text,
                    whole.length, mac);
    return true;
}
