/* Finished files, published under the name of their object. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "storage/internal.h"

static int unavailable(struct fus_error *err, int errno_value)
{
    return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "Publishing the result failed: %s.",
                         strerror(errno_value));
}

/* output/ may be another volume than temp/: then the bytes are copied beside and renamed there. */
static int publish_copy(struct fus_storage *storage, int from, const char *object,
                        struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str part = {0};
    fus_str_printf(&part, ".%s.part", object);
    if (part.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to publish a result.");
    unlinkat(storage->output_fd, part.text, 0);
    FUS_AUTO_FD int to = openat(storage->output_fd, part.text,
                                O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return unavailable(err, errno);
    int rc = fus_storage_copy(from, to, UINT64_MAX, NULL, err);
    if (rc == 0 && (fsync(to) != 0 ||
                    renameat(storage->output_fd, part.text, storage->output_fd, object) != 0))
        rc = unavailable(err, errno);
    if (rc != 0)
        unlinkat(storage->output_fd, part.text, 0);
    return rc;
}

int fus_storage_put_result(struct fus_storage *storage, const char *path, const char *object,
                           struct fus_error *err)
{
    if (!fus_storage_name_valid(object))
        return fus_error_set(err, FUS_E_INTERNAL, "A result has no usable name.");
    /* The folder belongs to a worker that may have been taken over: no symlink of its making is
     * followed, here or in fus_storage_open_result. */
    FUS_AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0)
        return unavailable(err, errno);
    if (!S_ISREG(facts.st_mode))
        return fus_error_set(err, FUS_E_INTERNAL, "A result is not a regular file.");
    if (fsync(fd) != 0)
        return unavailable(err, errno);
    if (renameat(AT_FDCWD, path, storage->output_fd, object) != 0) {
        if (errno != EXDEV)
            return unavailable(err, errno);
        int rc = publish_copy(storage, fd, object, err);
        if (rc != 0)
            return rc;
        unlink(path);
    }
    return fsync(storage->output_fd) == 0 ? 0 : unavailable(err, errno);
}

int fus_storage_open_result(struct fus_storage *storage, const char *object, int *fd,
                            uint64_t *size, struct fus_error *err)
{
    struct stat facts;
    if (!fus_storage_name_valid(object))
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such file.");
    FUS_AUTO_FD int opened =
        openat(storage->output_fd, object, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0 && (errno == ENOENT || errno == ELOOP))
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such file.");
    if (opened < 0 || fstat(opened, &facts) != 0)
        return fus_error_errno(err, errno, "Opening a result failed");
    if (!S_ISREG(facts.st_mode))
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such file.");
    *fd = opened;
    *size = (uint64_t)facts.st_size;
    opened = -1;
    return 0;
}

int fus_storage_delete_result(struct fus_storage *storage, const char *object,
                              struct fus_error *err)
{
    if (!fus_storage_name_valid(object))
        return 0;
    if (unlinkat(storage->output_fd, object, 0) != 0 && errno != ENOENT)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "Removing a result failed: %s.",
                             strerror(errno));
    return 0;
}

void fus_storage_results(struct fus_storage *storage, void (*each)(void *user, const char *object),
                         void *user)
{
    int copy = openat(storage->output_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    if (folder == NULL) {
        fus_close(copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (fus_storage_name_valid(entry->d_name))
            each(user, entry->d_name);
    closedir(folder);
}
