#include "api/form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/multipart.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

struct fus_form_reader {
    struct fus_storage *storage;
    const char *job_id;
    uint64_t max_file_bytes, max_text_bytes;
    struct fus_multipart *multipart;
    struct fus_form *form;
    char *folder; /* NULL until there is a file */
    struct fus_form_part *part;
    int fd; /* of the file being written, or -1 */
    struct fus_sha256 *sha;
    struct fus_str text;
};

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a part of the request.");
}

static int open_file(struct fus_form_reader *reader, struct fus_error *err)
{
    if (reader->folder == NULL) {
        int rc = fus_storage_upload_dir(reader->storage, reader->job_id, &reader->folder, err);
        if (rc != 0)
            return rc;
    }
    snprintf(reader->part->file, sizeof(reader->part->file), "part_%zu", reader->form->count - 1);
    FUS_AUTO_FREE char *path = fus_fs_join(reader->folder, reader->part->file);
    reader->sha = fus_sha256_new();
    if (path == NULL || reader->sha == NULL)
        return out_of_memory(err);
    reader->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (reader->fd < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "Keeping an uploaded file failed: %s.",
                             strerror(errno));
    return 0;
}

static int begin(void *user, const struct fus_multipart_part *part, struct fus_error *err)
{
    struct fus_form_reader *reader = user;
    reader->part = &reader->form->parts[reader->form->count++];
    fus_strlcpy(reader->part->name, part->name, sizeof(reader->part->name));
    fus_strlcpy(reader->part->filename, part->filename, sizeof(reader->part->filename));
    /* The JSON may come as a file (curl -F 'request=@job.json'); it is a text all the same. */
    if (part->has_filename && strcmp(part->name, "request") != 0)
        return open_file(reader, err);
    fus_str_clear(&reader->text);
    return 0;
}

static int data(void *user, const void *bytes, size_t size, struct fus_error *err)
{
    struct fus_form_reader *reader = user;
    struct fus_form_part *part = reader->part;
    uint64_t max = reader->fd >= 0 ? reader->max_file_bytes : reader->max_text_bytes;
    if (size > max || part->size > max - size)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "The part \"%s\" is larger than %llu bytes.", part->name,
                             (unsigned long long)max);
    part->size += size;
    if (reader->fd < 0) {
        fus_str_append_n(&reader->text, bytes, size);
        return reader->text.failed ? out_of_memory(err) : 0;
    }
    fus_sha256_update(reader->sha, bytes, size);
    return fus_fs_write_all(reader->fd, bytes, size, err);
}

static int end_file(struct fus_form_reader *reader, struct fus_error *err)
{
    uint8_t digest[FUS_SHA256_SIZE];
    fus_sha256_final(reader->sha, digest);
    fus_hex(digest, sizeof(digest), reader->part->sha256);
    fus_sha256_free(FUS_TAKE(reader->sha));
    int failed = fsync(reader->fd) == 0 ? 0 : errno;
    fus_close(reader->fd);
    reader->fd = -1;
    if (failed != 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "Keeping an uploaded file failed: %s.",
                             strerror(failed));
    return 0;
}

static int end(void *user, struct fus_error *err)
{
    struct fus_form_reader *reader = user;
    if (reader->fd >= 0)
        return end_file(reader, err);
    /* NUL would cut the text short for everything behind this point. */
    if (reader->text.length > 0 && !fus_utf8_valid(reader->text.text, reader->text.length))
        return fus_error_set(err, FUS_E_INVALID_REQUEST, "The part \"%s\" is not UTF-8 text.",
                             reader->part->name);
    reader->part->text = fus_str_take(&reader->text);
    return reader->part->text != NULL ? 0 : out_of_memory(err);
}

int fus_form_reader_new(struct fus_storage *storage, const struct fus_config *config,
                        const char *job_id, const char *content_type,
                        struct fus_form_reader **reader, struct fus_error *err)
{
    char boundary[FUS_MULTIPART_BOUNDARY_MAX + 1];
    int rc = fus_multipart_boundary(content_type, boundary, err);
    if (rc != 0)
        return rc;
    FUS_CLEANUP(fus_form_reader_free) struct fus_form_reader *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return out_of_memory(err);
    made->storage = storage;
    made->job_id = job_id;
    made->max_file_bytes = config->max_file_bytes;
    made->max_text_bytes = config->max_json_bytes;
    made->fd = -1;
    made->form = fus_calloc(1, sizeof(*made->form));
    const struct fus_multipart_events events = {made, begin, data, end};
    made->multipart = fus_multipart_new(boundary, FUS_FORM_PARTS_MAX, &events);
    if (made->form == NULL || made->multipart == NULL)
        return out_of_memory(err);
    *reader = FUS_TAKE(made);
    return 0;
}

void fus_form_reader_free(struct fus_form_reader *reader)
{
    if (reader == NULL)
        return;
    fus_close(reader->fd);
    fus_sha256_free(reader->sha);
    fus_multipart_free(reader->multipart);
    fus_form_free(reader->form);
    fus_free(reader->folder);
    fus_str_done(&reader->text);
    fus_free(reader);
}

int fus_form_reader_feed(struct fus_form_reader *reader, const void *bytes, size_t size,
                         struct fus_error *err)
{
    return fus_multipart_feed(reader->multipart, bytes, size, err);
}

int fus_form_reader_finish(struct fus_form_reader *reader, struct fus_form **form,
                           struct fus_error *err)
{
    int rc = fus_multipart_finish(reader->multipart, err);
    if (rc == 0)
        *form = FUS_TAKE(reader->form);
    return rc;
}

void fus_form_free(struct fus_form *form)
{
    if (form == NULL)
        return;
    for (size_t i = 0; i < form->count; i++)
        fus_free(form->parts[i].text);
    fus_free(form);
}
