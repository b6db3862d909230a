/* Inputs that clients name, and the folders of jobs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "storage/internal.h"

#define UPLOAD_PREFIX "up_"
#define UPLOAD_ABANDONED_S (24 * 3600)
/* A folder is adopted a moment before its job's row is durable; the reaper must not see it till
 * then. */
#define ADOPTION_GRACE_S 60
#define SHOWN_MAX 200

/* Would the path climb out if every component were a plain folder? openat2 says so only as far as
 * the components exist, and "does not exist" would be the wrong answer to a path that leaves. */
static bool climbs_out(const char *path)
{
    int depth = 0;
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0)
            depth--;
        else if (length > 0 && !(length == 1 && *path == '.'))
            depth++;
        if (depth < 0)
            return true;
        path += length;
    }
    return false;
}

static int open_beneath(int root, const char *path, int *fd)
{
    /* O_NONBLOCK: opening a FIFO for reading would otherwise wait for a writer for ever. */
    const struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    if (climbs_out(path))
        return EXDEV;
    for (int tries = 0; tries < 16; tries++) {
        long opened = syscall(SYS_openat2, root, path, &how, sizeof(how));
        if (opened >= 0) {
            *fd = (int)opened;
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR) /* EAGAIN: a rename raced with the look-up */
            return errno;
    }
    return EAGAIN;
}

/* The rest of `name` below `root`, or NULL. Only text is compared: what the rest really leads to is
 * openat2's to decide. */
static const char *beneath(const char *root, const char *name)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(root, name, length) != 0 || name[length] != '/')
        return NULL;
    const char *rest = name + length;
    rest += strspn(rest, "/");
    return *rest != '\0' ? rest : ".";
}

/* errno of the attempt; EXDEV when no root is concerned. */
static int open_below_roots(const struct fus_storage *storage, const char *name, int *fd)
{
    if (name[0] != '/')
        return storage->root_count > 0 ? open_beneath(storage->roots[0].fd, name, fd) : ENOENT;
    int result = EXDEV;
    for (size_t i = 0; i < storage->root_count; i++) {
        const char *rest = beneath(storage->roots[i].given, name);
        if (rest == NULL)
            rest = beneath(storage->roots[i].real, name);
        if (rest == NULL)
            continue;
        int tried = open_beneath(storage->roots[i].fd, rest, fd);
        if (tried == 0)
            return 0;
        if (result == EXDEV)
            result = tried;
    }
    return result;
}

static int refuse(struct fus_error *err, int errno_value, const char *name)
{
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        return fus_error_set(err, FUS_E_SOURCE_FETCH_FAILED, "\"%.*s\" does not exist.", SHOWN_MAX,
                             name);
    case EXDEV:
    case ELOOP:
        return fus_error_set(err, FUS_E_SOURCE_FORBIDDEN,
                             "\"%.*s\" does not lie beneath a folder that inputs may come from.",
                             SHOWN_MAX, name);
    case EACCES:
    case EPERM:
        return fus_error_set(err, FUS_E_SOURCE_FORBIDDEN, "\"%.*s\" may not be read.", SHOWN_MAX,
                             name);
    case ENXIO:
    case ENODEV:
        return fus_error_set(err, FUS_E_SOURCE_FORBIDDEN, "\"%.*s\" is not a regular file.",
                             SHOWN_MAX, name);
    case ENAMETOOLONG:
        return fus_error_set(err, FUS_E_SOURCE_FETCH_FAILED, "The path is too long.");
    case ENOSYS:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "This kernel cannot open paths safely (openat2 is missing).");
    default:
        return fus_error_errno(err, errno_value, "Opening an input failed");
    }
}

int fus_storage_open_input(struct fus_storage *storage, const char *name, int *fd,
                           struct fus_error *err)
{
    if (name == NULL || name[0] == '\0')
        return fus_error_set(err, FUS_E_SOURCE_FETCH_FAILED, "The path is empty.");
    if (strnlen(name, PATH_MAX) == PATH_MAX)
        return refuse(err, ENAMETOOLONG, name);
    FUS_AUTO_FD int opened = -1;
    int tried = open_below_roots(storage, name, &opened);
    if (tried != 0)
        return refuse(err, tried, name);
    struct stat facts;
    if (fstat(opened, &facts) != 0)
        return refuse(err, errno, name);
    if (!S_ISREG(facts.st_mode))
        return refuse(err, ENXIO, name);
    *fd = opened;
    opened = -1;
    return 0;
}

static int make_folder(struct fus_storage *storage, const char *prefix, const char *job_id,
                       char **path, struct fus_error *err)
{
    if (!fus_storage_name_valid(job_id))
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such job.");
    FUS_AUTO_STR struct fus_str folder = {0};
    fus_str_printf(&folder, "%s/%s%s", storage->temp_dir, prefix, job_id);
    if (folder.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a job's folder.");
    int rc = fus_fs_mkdirs(folder.text, 0700, err);
    if (rc != 0)
        return rc;
    *path = fus_str_take(&folder);
    return 0;
}

static void remove_folder(struct fus_storage *storage, const char *prefix, const char *job_id)
{
    FUS_AUTO_STR struct fus_str folder = {0};
    fus_str_printf(&folder, "%s/%s%s", storage->temp_dir, prefix, job_id);
    if (fus_storage_name_valid(job_id) && !folder.failed)
        (void)fus_fs_remove_tree(folder.text, NULL);
}

int fus_storage_job_dir(struct fus_storage *storage, const char *job_id, char **path,
                        struct fus_error *err)
{
    return make_folder(storage, "", job_id, path, err);
}

void fus_storage_job_dir_remove(struct fus_storage *storage, const char *job_id)
{
    remove_folder(storage, "", job_id);
}

int fus_storage_upload_dir(struct fus_storage *storage, const char *job_id, char **path,
                           struct fus_error *err)
{
    return make_folder(storage, UPLOAD_PREFIX, job_id, path, err);
}

void fus_storage_upload_remove(struct fus_storage *storage, const char *job_id)
{
    remove_folder(storage, UPLOAD_PREFIX, job_id);
}

int fus_storage_upload_adopt(struct fus_storage *storage, const char *job_id, struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str upload = {0};
    fus_str_printf(&upload, UPLOAD_PREFIX "%s", job_id);
    if (!fus_storage_name_valid(job_id) || upload.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a job's folder.");
    FUS_AUTO_FD int folder =
        openat(storage->temp_fd, upload.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0 || fsync(folder) != 0 ||
        renameat(storage->temp_fd, upload.text, storage->temp_fd, job_id) != 0 ||
        fsync(storage->temp_fd) != 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "Keeping the uploaded files failed: %s.", strerror(errno));
    return 0;
}

void fus_storage_uploads_clear(struct fus_storage *storage)
{
    int copy = openat(storage->temp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    if (folder == NULL) {
        fus_close(copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (fus_str_starts(entry->d_name, UPLOAD_PREFIX))
            remove_folder(storage, "", entry->d_name);
    closedir(folder);
}

void fus_storage_job_dirs(struct fus_storage *storage, void (*each)(void *user, const char *job_id),
                          void *user)
{
    int copy = openat(storage->temp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    if (folder == NULL) {
        fus_close(copy);
        return;
    }
    time_t now = time(NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat facts;
        if (!fus_storage_name_valid(entry->d_name) ||
            fstatat(storage->temp_fd, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(facts.st_mode))
            continue;
        if (fus_str_starts(entry->d_name, UPLOAD_PREFIX)) {
            if (now - facts.st_mtime > UPLOAD_ABANDONED_S)
                remove_folder(storage, "", entry->d_name);
        } else if (now - facts.st_ctime > ADOPTION_GRACE_S || now < facts.st_ctime) {
            each(user, entry->d_name);
        }
    }
    closedir(folder);
}

static int copy_through_memory(int from, int to, uint64_t max_bytes, struct fus_sha256 *sha,
                               struct fus_error *err)
{
    enum { CHUNK = 1 << 18 };
    FUS_AUTO_FREE uint8_t *chunk = fus_malloc(CHUNK);
    if (chunk == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to copy a file.");
    for (uint64_t done = 0;;) {
        ssize_t got = pread(from, chunk, CHUNK, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fus_error_errno(err, errno, "Reading an input failed");
        if (got == 0)
            return 0;
        done += (uint64_t)got;
        if (done > max_bytes)
            return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE, "A file is larger than %llu bytes.",
                                 (unsigned long long)max_bytes);
        fus_sha256_update(sha, chunk, (size_t)got);
        int rc = fus_fs_write_all(to, chunk, (size_t)got, err);
        if (rc != 0)
            return rc;
    }
}

static int check_clone(int fd, uint64_t max_bytes, char *sha256, struct fus_error *err)
{
    struct stat facts;
    char digest[FUS_SHA256_HEX_SIZE];
    if (fstat(fd, &facts) != 0)
        return fus_error_errno(err, errno, "Copying a file failed");
    if ((uint64_t)facts.st_size > max_bytes)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE, "A file is larger than %llu bytes.",
                             (unsigned long long)max_bytes);
    if (sha256 == NULL)
        return 0;
    int rc = fus_sha256_fd(fd, digest, err);
    if (rc == 0)
        fus_strlcpy(sha256, digest, sizeof(digest));
    return rc;
}

int fus_storage_copy(int from, int to, uint64_t max_bytes, char sha256[FUS_SHA256_HEX_SIZE],
                     struct fus_error *err)
{
    /* A clone is what it is at one instant; its own size counts, not that of a file still growing.
     */
    if (ioctl(to, FICLONE, from) == 0)
        return check_clone(to, max_bytes, sha256, err);
    /* The bytes pass through here anyway for their digest, so copy_file_range would save nothing.
     */
    uint8_t digest[FUS_SHA256_SIZE];
    FUS_CLEANUP(fus_sha256_free) struct fus_sha256 *sha = fus_sha256_new();
    if (sha == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to copy a file.");
    int rc = copy_through_memory(from, to, max_bytes, sha, err);
    if (rc != 0)
        return rc;
    fus_sha256_final(sha, digest);
    if (sha256 != NULL)
        fus_hex(digest, sizeof(digest), sha256);
    return 0;
}

int fus_storage_stage(struct fus_storage *storage, int fd, const char *job_id, const char *name,
                      uint64_t max_bytes, char **path, char sha256[65], struct fus_error *err)
{
    FUS_AUTO_FREE char *folder = NULL;
    struct stat facts;
    if (!fus_storage_name_valid(name))
        return fus_error_set(err, FUS_E_INTERNAL, "An input has no usable name.");
    if (fstat(fd, &facts) == 0 && (uint64_t)facts.st_size > max_bytes)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE, "A file is larger than %llu bytes.",
                             (unsigned long long)max_bytes);
    int rc = fus_storage_job_dir(storage, job_id, &folder, err);
    if (rc != 0)
        return rc;
    FUS_AUTO_FREE char *staged = fus_fs_join(folder, name);
    if (staged == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to stage an input.");
    unlink(staged); /* of an attempt before this one */
    FUS_AUTO_FD int to = open(staged, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "Staging an input failed: %s.",
                             strerror(errno));
    char digest[FUS_SHA256_HEX_SIZE];
    rc = fus_storage_copy(fd, to, max_bytes, digest, err);
    if (rc != 0) {
        unlink(staged);
        return rc;
    }
    fus_strlcpy(sha256, digest, sizeof(digest));
    *path = FUS_TAKE(staged);
    return 0;
}
