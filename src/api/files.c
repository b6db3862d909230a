/* /files/{object}: results behind signed links. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "api/job_view.h"
#include "api/json.h"
#include "api/problem.h"
#include "api/range.h"
#include "base/fs.h"
#include "base/mem.h"

static const char *content_type(const char *object)
{
    static const char *const types[][2] = {
        {".mp4", "video/mp4"},   {".mov", "video/quicktime"}, {".mkv", "video/x-matroska"},
        {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},     {".png", "image/png"},
        {".webp", "image/webp"},
    };
    for (size_t i = 0; i < FUS_COUNT(types); i++)
        if (fus_str_ends(object, types[i][0]))
            return types[i][1];
    return "application/octet-stream";
}

/* "sha-256=:<base64>:" (RFC 9530) of a digest in hex; false if it is none. */
static bool digest_field(const char *hex, char out[64])
{
    uint8_t digest[FUS_SHA256_SIZE];
    char text[48];
    if (strlen(hex) != 2 * sizeof(digest) || !fus_unhex(hex, digest, sizeof(digest)))
        return false;
    fus_base64url(digest, sizeof(digest), text);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c; /* structured fields want plain base64 */
    snprintf(out, 64, "sha-256=:%s=:", text);
    return true;
}

static void describe(struct fus_http_response *response, const char *object, const char *sha256,
                     const char *etag)
{
    char text[200];
    response->content_type = content_type(object);
    snprintf(text, sizeof(text), "attachment; filename=\"%s\"", object);
    fus_http_response_header(response, "Content-Disposition", text);
    fus_http_response_header(response, "Accept-Ranges", "bytes");
    fus_http_response_header(response, "Cache-Control", "private, max-age=3600");
    if (etag[0] != '\0')
        fus_http_response_header(response, "ETag", etag);
    if (sha256 == NULL || !digest_field(sha256, text))
        return;
    fus_http_response_header(response, "Repr-Digest", text);
    if (response->status == 200)
        fus_http_response_header(response, "Content-Digest", text);
}

void fus_files_send(const struct fus_http_request *request, struct fus_http_response *response,
                    int fd, uint64_t size, const char *object, const char *sha256)
{
    char etag[80] = "", text[64];
    uint64_t offset = 0, length = size;
    const char *if_range = fus_http_header(request, "If-Range");
    const char *if_none = fus_http_header(request, "If-None-Match");
    if (sha256 != NULL && strlen(sha256) == 64)
        snprintf(etag, sizeof(etag), "\"%s\"", sha256);
    if (if_none != NULL && etag[0] != '\0' && strstr(if_none, etag) != NULL) {
        fus_close(fd);
        response->status = 304;
        fus_http_response_header(response, "ETag", etag);
        return;
    }
    /* A range of another version than the client has is worth nothing to it. */
    bool ranged = strcmp(request->method, "GET") == 0 &&
                  (if_range == NULL || (etag[0] != '\0' && strcmp(if_range, etag) == 0));
    enum fus_range range =
        fus_range_parse(ranged ? fus_http_header(request, "Range") : NULL, size, &offset, &length);
    if (range == FUS_RANGE_UNSATISFIABLE) {
        fus_close(fd);
        fus_problem_status(request, response, 416, FUS_E_INVALID_REQUEST,
                           "The file has no such range.");
        snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)size);
        fus_http_response_header(response, "Content-Range", text);
        return;
    }
    response->status = range == FUS_RANGE_OK ? 206 : 200;
    response->fd = fd;
    response->offset = offset;
    response->length = length;
    describe(response, object, sha256, etag);
    if (range == FUS_RANGE_OK) {
        snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)offset,
                 (unsigned long long)(offset + length - 1), (unsigned long long)size);
        fus_http_response_header(response, "Content-Range", text);
    }
}

/* The digest stands in the job that the object is named after. */
static void send_object(struct fus_api *api, const struct fus_http_request *request,
                        struct fus_http_response *response, const char *object, int fd,
                        uint64_t size)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    FUS_AUTO_JSON json_t *result = NULL;
    char id[FUS_ID_SIZE] = "";
    const char *sha256 = NULL;
    size_t length = strcspn(object, ".");
    if (length < sizeof(id)) {
        memcpy(id, object, length);
        id[length] = '\0';
        if (fus_store_get(api->options.store, NULL, id, &job, NULL) == 0 &&
            strcmp(fus_job_object(&job, &result), object) == 0)
            sha256 = json_string_value(json_object_get(result, "sha256"));
    }
    fus_files_send(request, response, fd, size, object, sha256);
}

void fus_files_get(struct fus_api *api, struct fus_http_request *request,
                   struct fus_http_response *response)
{
    const char *object = request->captures[0];
    uint64_t size = 0;
    int fd = -1;
    struct fus_error err = {0};
    if (!fus_storage_verify(api->options.storage, object, fus_http_query(request, "expires"),
                            fus_http_query(request, "key"), fus_http_query(request, "signature"))) {
        fus_problem_set(request, response, FUS_E_FORBIDDEN,
                        "The link is not valid or has expired: ask the job for a new one.");
        return;
    }
    int rc = fus_storage_open_result(api->options.storage, object, &fd, &size, &err);
    if (rc == FUS_E_NOT_FOUND)
        fus_problem_set(request, response, FUS_E_GONE, "The file has been removed.");
    else if (rc != 0)
        fus_problem(request, response, &err);
    else
        send_object(api, request, response, object, fd, size);
}
