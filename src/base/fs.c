#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

void fus_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* The server's paths never reach a client: the detail says only what was tried. */
static int storage_error(struct fus_error *err, int errno_value, const char *what)
{
    if (errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EFBIG)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "%s: the disk is full.", what);
    if (errno_value == EROFS || errno_value == EIO || errno_value == EACCES || errno_value == EPERM)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "%s: %s.", what,
                             errno_value == EIO ? "input/output error" : "not writable");
    return fus_error_errno(err, errno_value, what);
}

static int read_all(int fd, size_t max, void **bytes, size_t *size, struct fus_error *err)
{
    size_t capacity = 65536, length = 0;
    struct stat facts;
    if (fstat(fd, &facts) == 0 && facts.st_size > 0)
        capacity = (uint64_t)facts.st_size < max ? (size_t)facts.st_size : max;
    capacity += 2; /* one to see the end, one for the NUL */
    FUS_AUTO_FREE char *buffer = fus_malloc(capacity);
    while (buffer != NULL) {
        ssize_t got = read(fd, buffer + length, capacity - length - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fus_error_errno(err, errno, "Reading a file failed");
        if (got == 0)
            break;
        length += (size_t)got;
        if (length > max)
            return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE, "The file is larger than %zu bytes.",
                                 max);
        if (length + 1 < capacity)
            continue;
        capacity *= 2;
        char *larger = fus_realloc(buffer, capacity, 1);
        if (larger == NULL)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read a file.");
        buffer = larger;
    }
    if (buffer == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read a file.");
    buffer[length] = '\0';
    *bytes = FUS_TAKE(buffer);
    *size = length;
    return 0;
}

int fus_fs_read(const char *path, size_t max, void **bytes, size_t *size, struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return fus_error_set(err, FUS_E_NOT_FOUND, "The file does not exist.");
    if (fd < 0)
        return fus_error_errno(err, errno, "Opening a file failed");
    return read_all(fd, max, bytes, size, err);
}

int fus_fs_write_all(int fd, const void *bytes, size_t size, struct fus_error *err)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        ssize_t written = write(fd, from, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return storage_error(err, errno, "Writing a file failed");
        from += written;
        size -= (size_t)written;
    }
    return 0;
}

static int sync_folder_of(const char *path, struct fus_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    FUS_AUTO_FREE char *folder = fus_strndup(slash == NULL ? "." : path, length);
    if (folder == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a path.");
    FUS_AUTO_FD int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        return storage_error(err, errno, "Syncing a folder failed");
    return 0;
}

int fus_fs_write_atomic(const char *path, const void *bytes, size_t size, mode_t mode,
                        struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str name = {0};
    fus_str_printf(&name, "%s.XXXXXX", path);
    if (name.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a path.");
    FUS_AUTO_FD int fd = mkostemp(name.text, O_CLOEXEC);
    if (fd < 0)
        return storage_error(err, errno, "Creating a file failed");
    int status = fus_fs_write_all(fd, bytes, size, err);
    if (status == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        status = storage_error(err, errno, "Writing a file failed");
    if (status == 0 && rename(name.text, path) != 0)
        status = storage_error(err, errno, "Renaming a file failed");
    if (status != 0) {
        unlink(name.text);
        return status;
    }
    return sync_folder_of(path, err);
}

int fus_fs_publish(const char *temporary, const char *path, struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return storage_error(err, errno, "Syncing a file failed");
    if (rename(temporary, path) != 0)
        return storage_error(err, errno, "Renaming a file failed");
    return sync_folder_of(path, err);
}

int fus_fs_mkdirs(const char *path, mode_t mode, struct fus_error *err)
{
    FUS_AUTO_FREE char *copy = fus_strdup(path);
    if (copy == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a path.");
    for (char *slash = copy + 1;; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        char kept = *slash;
        *slash = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            return storage_error(err, errno, "Creating a folder failed");
        *slash = kept;
        if (kept == '\0')
            break;
    }
    struct stat facts;
    if (stat(copy, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return storage_error(err, ENOTDIR, "Creating a folder failed");
    return 0;
}

#define TREE_DEPTH_MAX 32

/* Empties the folder `fd` (taken over). Symlinks are removed, not followed. */
static int empty_folder(int fd, int depth)
{
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        fus_close(fd);
        return errno;
    }
    int status = 0;
    for (const struct dirent *entry = NULL; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(folder), entry->d_name, 0) == 0 || errno == ENOENT)
            continue;
        int child = depth < TREE_DEPTH_MAX ? openat(dirfd(folder), entry->d_name,
                                                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                                           : -1;
        if (child < 0) {
            status = errno;
            continue;
        }
        int inner = empty_folder(child, depth + 1);
        if (inner == 0 && unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR) != 0)
            inner = errno;
        status = inner != 0 ? inner : status;
    }
    closedir(folder);
    return status;
}

int fus_fs_remove_tree(const char *path, struct fus_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
        return 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return storage_error(err, errno, "Removing a folder failed");
    int status = empty_folder(fd, 0);
    if (status == 0 && rmdir(path) != 0 && errno != ENOENT)
        status = errno;
    return status == 0 ? 0 : storage_error(err, status, "Removing a folder failed");
}

char *fus_fs_join(const char *folder, const char *name)
{
    FUS_AUTO_STR struct fus_str path = {0};
    fus_str_append(&path, folder);
    if (path.length == 0 || path.text[path.length - 1] != '/')
        fus_str_append(&path, "/");
    fus_str_append(&path, name);
    return fus_str_take(&path);
}

uint64_t fus_fs_free_bytes(const char *path)
{
    struct statvfs facts;
    if (statvfs(path, &facts) != 0)
        return 0;
    return (uint64_t)facts.f_bavail * facts.f_frsize;
}

bool fus_fs_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int64_t fus_fs_size(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? (int64_t)facts.st_size : -1;
}
