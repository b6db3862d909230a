/* The parts of a multipart request: files streamed to the upload folder of the job to be, texts
 * kept. */
#ifndef FUS_API_FORM_H
#define FUS_API_FORM_H

#include <stdint.h>

#include "base/crypto.h"
#include "base/error.h"
#include "config/config.h"
#include "storage/storage.h"

#define FUS_FORM_PARTS_MAX 64

struct fus_form_part {
    char name[128];     /* of the field */
    char filename[256]; /* the client's name of the file */
    char file[16];      /* in the upload folder; "" for a text */
    char *text;         /* of a text part, NUL-terminated */
    size_t size;
    char sha256[FUS_SHA256_HEX_SIZE]; /* of a file */
};

struct fus_form {
    struct fus_form_part parts[FUS_FORM_PARTS_MAX];
    size_t count;
};

struct fus_form_reader;
/* Takes a body of this Content-Type. The folder is made when the first file comes. */
int fus_form_reader_new(struct fus_storage *storage, const struct fus_config *config,
                        const char *job_id, const char *content_type,
                        struct fus_form_reader **reader, struct fus_error *err) FUS_MUST_CHECK;
void fus_form_reader_free(struct fus_form_reader *reader);
FUS_CLEANUP_DEFINE(fus_form_reader_free, struct fus_form_reader *)
/* Errors: those of api/multipart.h, FUS_E_MEDIA_TOO_LARGE (a file), FUS_E_STORAGE_UNAVAILABLE. The
 * folder is the caller's to remove (fus_storage_upload_remove). */
int fus_form_reader_feed(struct fus_form_reader *reader, const void *bytes, size_t size,
                         struct fus_error *err) FUS_MUST_CHECK;
/* Every file is durable when this returns 0. *form: new, fus_form_free. */
int fus_form_reader_finish(struct fus_form_reader *reader, struct fus_form **form,
                           struct fus_error *err) FUS_MUST_CHECK;
void fus_form_free(struct fus_form *form);
FUS_CLEANUP_DEFINE(fus_form_free, struct fus_form *)

#endif
