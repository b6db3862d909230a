#include "pipeline/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

/* So much of the output's own name goes into the temporary one: together well below NAME_MAX. */
#define NAME_KEPT 100

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static char *temporary_name(const char *path)
{
    const char *name = name_of(path);
    FUS_AUTO_STR struct fus_str text = {0};
    char id[FUS_ID_SIZE];

    fus_id_short("part", id);
    fus_str_append_n(&text, path, (size_t)(name - path));
    fus_str_append(&text, ".");
    fus_str_append_n(&text, name, strnlen(name, NAME_KEPT));
    fus_str_append(&text, ".");
    fus_str_append(&text, id);
    return fus_str_take(&text);
}

static int storage_error(int number, struct fus_error *err)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "No space left for the output.");
    case ENOENT:
    case ENOTDIR:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The output's folder does not exist.");
    case EACCES:
    case EPERM:
    case EROFS:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "The output's folder can't be written.");
    default:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The output can't be written: %s.",
                             strerror(number));
    }
}

int fus_output_open(struct fus_output *output, const char *path, struct fus_error *err)
{
    FUS_AUTO_FREE char *copy = fus_strdup(path);
    FUS_AUTO_FREE char *temporary = temporary_name(path);

    if (!copy || !temporary)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the output.");

    FUS_AUTO_FREE char *folder_name = fus_strndup(path, (size_t)(name_of(path) - path));

    if (!folder_name)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the output.");

    FUS_AUTO_FD int folder =
        open(folder_name[0] ? folder_name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0)
        return storage_error(errno, err);

    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

    if (fd < 0)
        return storage_error(errno, err);
    close(fd);
    *output = (struct fus_output){FUS_TAKE(copy), FUS_TAKE(temporary), folder};
    folder = -1;
    return 0;
}

int fus_output_write(struct fus_output *output, const void *bytes, size_t size,
                     struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(output->temporary, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return storage_error(errno, err);
    return fus_fs_write_all(fd, bytes, size, err);
}

int fus_output_publish(struct fus_output *output, char sha256[65], int64_t *bytes,
                       struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(output->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char hex[FUS_SHA256_HEX_SIZE];
    int64_t size = fus_fs_size(output->temporary);
    int rc;

    if (fd < 0 || size < 0)
        return storage_error(errno, err);
    rc = fus_sha256_fd(fd, hex, err);
    if (rc)
        return rc;
    if (fsync(fd) != 0 || rename(output->temporary, output->path) != 0)
        return storage_error(errno, err);
    fus_free(FUS_TAKE(output->temporary));
    if (fsync(output->folder) != 0) {
        rc = storage_error(errno, err);
        unlink(output->path);
    } else {
        memcpy(sha256, hex, sizeof(hex));
        *bytes = size;
    }
    close(output->folder);
    return rc;
}

void fus_output_done(struct fus_output *output)
{
    if (output->temporary) {
        unlink(output->temporary);
        close(output->folder);
    }
    fus_free(FUS_TAKE(output->temporary));
    fus_free(FUS_TAKE(output->path));
}
