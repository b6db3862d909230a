#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "storage/internal.h"

static int open_folder(const char *data_dir, const char *name, char **path, int *fd,
                       struct fus_error *err)
{
    FUS_AUTO_FREE char *joined = fus_fs_join(data_dir, name);
    if (joined == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    int rc = fus_fs_mkdirs(joined, 0700, err);
    if (rc != 0)
        return rc;
    if (fd != NULL) {
        *fd = open(joined, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*fd < 0)
            return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                                 "The folder %s/ of the data directory cannot be opened: %s.", name,
                                 strerror(errno));
    }
    if (path != NULL)
        *path = FUS_TAKE(joined);
    return 0;
}

static int add_root(struct fus_storage *storage, const char *text, size_t length,
                    struct fus_error *err)
{
    while (length > 1 && text[length - 1] == '/')
        length--;
    if (length == 0)
        return 0;
    if (text[0] != '/')
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "storage.input_roots: \"%.*s\" is not an absolute path.", (int)length,
                             text);
    if (storage->root_count == FUS_STORAGE_ROOTS_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "storage.input_roots: more than %d folders.", FUS_STORAGE_ROOTS_MAX);
    FUS_AUTO_FREE char *given = fus_strndup(text, length);
    if (given == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    FUS_AUTO_FD int fd = open(given, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return 0; /* a missing root is the operator's to mend; doctor says so */
    char resolved[PATH_MAX];
    FUS_AUTO_FREE char *real = fus_strdup(realpath(given, resolved) != NULL ? resolved : given);
    if (real == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    struct fus_storage_root *root = &storage->roots[storage->root_count++];
    root->given = FUS_TAKE(given);
    root->real = FUS_TAKE(real);
    root->fd = fd;
    fd = -1;
    return 0;
}

static int open_roots(struct fus_storage *storage, const char *roots, struct fus_error *err)
{
    FUS_AUTO_FREE char *fallback = NULL;
    if (roots == NULL || roots[0] == '\0') {
        roots = fallback = fus_fs_join(storage->data_dir, "input");
        if (fallback == NULL)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    }
    for (const char *at = roots;; at++) {
        size_t length = strcspn(at, ":");
        int rc = add_root(storage, at, length, err);
        if (rc != 0)
            return rc;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

static int open_all(struct fus_storage *storage, const struct fus_config *config,
                    struct fus_error *err)
{
    char resolved[PATH_MAX];
    int rc = fus_fs_mkdirs(config->data_dir, 0700, err);
    if (rc != 0)
        return rc;
    /* Roots below a relative data directory still have to be absolute. */
    storage->data_dir =
        fus_strdup(realpath(config->data_dir, resolved) != NULL ? resolved : config->data_dir);
    if (storage->data_dir == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    const char *dir = storage->data_dir;
    if ((rc = open_folder(dir, "input", NULL, NULL, err)) != 0 ||
        (rc = open_folder(dir, "models", NULL, NULL, err)) != 0 ||
        (rc = open_folder(dir, "temp", &storage->temp_dir, &storage->temp_fd, err)) != 0 ||
        (rc = open_folder(dir, "output", &storage->output_dir, &storage->output_fd, err)) != 0 ||
        (rc = open_roots(storage, config->input_roots, err)) != 0)
        return rc;
    return fus_storage_keys_load(storage, err);
}

int fus_storage_open(const struct fus_config *config, struct fus_storage **storage,
                     struct fus_error *err)
{
    FUS_CLEANUP(fus_storage_free) struct fus_storage *opened = fus_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open the storage.");
    opened->temp_fd = opened->output_fd = -1;
    opened->min_free_bytes = config->min_free_bytes;
    int rc = open_all(opened, config, err);
    if (rc != 0)
        return rc;
    *storage = FUS_TAKE(opened);
    return 0;
}

void fus_storage_free(struct fus_storage *storage)
{
    if (storage == NULL)
        return;
    for (size_t i = 0; i < storage->root_count; i++) {
        fus_free(storage->roots[i].given);
        fus_free(storage->roots[i].real);
        fus_close(storage->roots[i].fd);
    }
    fus_close(storage->temp_fd);
    fus_close(storage->output_fd);
    fus_free(storage->data_dir);
    fus_free(storage->temp_dir);
    fus_free(storage->output_dir);
    explicit_bzero(storage->keys, sizeof(storage->keys));
    fus_free(storage);
}

bool fus_storage_name_valid(const char *name)
{
    size_t length = strnlen(name, 129);
    if (length == 0 || length > 128 || name[0] == '.')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
           length;
}

bool fus_storage_has_space(const struct fus_storage *storage)
{
    return storage->min_free_bytes == 0 ||
           fus_fs_free_bytes(storage->temp_dir) >= storage->min_free_bytes;
}
