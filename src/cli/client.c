#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_S 60L /* without a byte: given up */

struct fus_client {
    CURL *curl;
    char *server; /* without an ending slash */
    char *key_header;
    bool (*cancelled)(void *user);
    void *cancel_user;
};

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
}

int fus_client_new(const char *server, const char *key, struct fus_client **client,
                   struct fus_error *err)
{
    if (!fus_str_starts(server, "http://") && !fus_str_starts(server, "https://"))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "the server must be an address such as http://127.0.0.1:8000");
    FUS_CLEANUP(fus_client_free) struct fus_client *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return no_memory(err);
    size_t length = strlen(server);
    while (length > 0 && server[length - 1] == '/')
        length--;
    made->server = fus_strndup(server, length);
    made->curl = curl_easy_init();
    FUS_AUTO_STR struct fus_str header = {0};
    if (key != NULL && *key != '\0') {
        fus_str_printf(&header, "Authorization: Bearer %s", key);
        made->key_header = fus_str_take(&header);
    }
    bool key_failed = key != NULL && *key != '\0' && made->key_header == NULL;
    if (made->server == NULL || made->curl == NULL || key_failed)
        return no_memory(err);
    *client = FUS_TAKE(made);
    return 0;
}

void fus_client_free(struct fus_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    if (client->key_header != NULL)
        explicit_bzero(client->key_header, strlen(client->key_header));
    fus_free(client->key_header);
    fus_free(client->server);
    fus_free(client);
}

void fus_client_on_cancel(struct fus_client *client, bool (*cancelled)(void *user), void *user)
{
    client->cancelled = cancelled;
    client->cancel_user = user;
}

/* ---- one transfer ---- */

struct transfer {
    struct fus_client *client;
    struct curl_slist *headers;
    curl_mime *mime;
    struct fus_str body; /* of an answer that is kept */
    int fd;              /* where a success is streamed to, or -1 */
    struct fus_sha256 *sha;
    uint64_t bytes;
    char curl_error[CURL_ERROR_SIZE];
    struct fus_error write_error;
};

static void transfer_done(struct transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    curl_mime_free(transfer->mime);
    fus_str_done(&transfer->body);
    fus_sha256_free(transfer->sha);
}
#define AUTO_TRANSFER __attribute__((cleanup(transfer_done)))

static size_t on_data(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t length = size * count; /* size is 1, libcurl says */
    long status = 0;
    (void)curl_easy_getinfo(transfer->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->fd >= 0 && status == 200) {
        if (fus_fs_write_all(transfer->fd, bytes, length, &transfer->write_error) != 0)
            return 0;
        fus_sha256_update(transfer->sha, bytes, length);
        transfer->bytes += length;
        return length;
    }
    if (transfer->body.length + length > FUS_CLIENT_BODY_MAX)
        return 0;
    fus_str_append_n(&transfer->body, bytes, length);
    return transfer->body.failed ? 0 : length;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    const struct fus_client *client = user;
    return client->cancelled != NULL && client->cancelled(client->cancel_user);
}

static int add_header(struct transfer *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);
    if (longer == NULL)
        return FUS_E_OUT_OF_MEMORY;
    transfer->headers = longer;
    return 0;
}

/* The key goes to the server alone: not to an absolute link (those are signed), and libcurl drops
 * it when a redirect leads to another host. */
static int prepare(struct transfer *transfer, const char *method, const char *url, bool with_key)
{
    struct fus_client *client = transfer->client;
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    int rc = add_header(transfer, "Accept: application/json, */*");
    if (rc == 0)
        rc = add_header(transfer, "Expect:");
    if (rc == 0 && with_key && client->key_header != NULL)
        rc = add_header(transfer, client->key_header);
    bool ok = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 3L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "fusiond/" FUS_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->curl_error);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    return rc != 0 || !ok ? FUS_E_OUT_OF_MEMORY : 0;
}

static int set_body(struct transfer *transfer, const char *body)
{
    if (body == NULL)
        return 0;
    CURL *curl = transfer->client->curl;
    if (curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body)) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body) != CURLE_OK)
        return FUS_E_OUT_OF_MEMORY;
    return add_header(transfer, "Content-Type: application/json");
}

static int set_parts(struct transfer *transfer, const char *body,
                     const struct fus_client_part *parts, size_t count, struct fus_error *err)
{
    transfer->mime = curl_mime_init(transfer->client->curl);
    curl_mimepart *part = transfer->mime != NULL ? curl_mime_addpart(transfer->mime) : NULL;
    if (part == NULL || curl_mime_name(part, "request") != CURLE_OK ||
        curl_mime_data(part, body, CURL_ZERO_TERMINATED) != CURLE_OK ||
        curl_mime_type(part, "application/json") != CURLE_OK)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        part = curl_mime_addpart(transfer->mime);
        if (part == NULL || curl_mime_name(part, parts[i].name) != CURLE_OK)
            return no_memory(err);
        if (curl_mime_filedata(part, parts[i].path) != CURLE_OK)
            return fus_error_set(err, FUS_E_NOT_FOUND, "%.200s can't be read", parts[i].path);
    }
    if (curl_easy_setopt(transfer->client->curl, CURLOPT_MIMEPOST, transfer->mime) != CURLE_OK)
        return no_memory(err);
    return 0;
}

/* ---- what came of it ---- */

static int from_curl(const struct transfer *transfer, CURLcode code, struct fus_error *err)
{
    const char *reason =
        transfer->curl_error[0] != '\0' ? transfer->curl_error : curl_easy_strerror(code);
    if (transfer->write_error.code != 0) {
        *err = transfer->write_error;
        return err->code;
    }
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return fus_error_set(err, FUS_E_CANCELLED, "interrupted");
    if (code == CURLE_PARTIAL_FILE)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "the answer broke off: %.200s",
                             reason);
    return fus_error_set(err, FUS_E_NOT_READY, "%.160s can't be reached: %.200s",
                         transfer->client->server, reason);
}

/* A problem+json answer: its detail and all of its errors in one text. */
static int from_problem(const char *body, long status, struct fus_error *err)
{
    json_t *problem = body != NULL ? json_loads(body, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *code = json_string_value(json_object_get(problem, "code"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    FUS_AUTO_STR struct fus_str text = {0};
    if (detail != NULL)
        fus_str_append(&text, detail);
    else
        fus_str_printf(&text, "the server answered %ld", status);
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(problem, "errors"), index, entry)
    {
        const char *pointer = json_string_value(json_object_get(entry, "pointer"));
        const char *what = json_string_value(json_object_get(entry, "detail"));
        if (what != NULL && !(index == 0 && detail != NULL && strcmp(what, detail) == 0))
            fus_str_printf(&text, "\n  %s: %s", pointer != NULL ? pointer : "", what);
    }
    int known = code != NULL ? fus_error_from_name(code) : FUS_E_INTERNAL;
    int rc = fus_error_set(err, known, "%s", text.failed ? "not enough memory" : text.text);
    json_decref(problem);
    return rc;
}

static int perform(struct transfer *transfer, long *status, struct fus_error *err)
{
    CURL *curl = transfer->client->curl;
    if (curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers) != CURLE_OK)
        return no_memory(err);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        return from_curl(transfer, code, err);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    return *status >= 200 && *status < 300 ? 0 : from_problem(transfer->body.text, *status, err);
}

int fus_client_call(struct fus_client *client, const char *method, const char *path,
                    const char *body, const struct fus_client_part *parts, size_t part_count,
                    json_t **answer, struct fus_error *err)
{
    AUTO_TRANSFER struct transfer transfer = {.client = client, .fd = -1};
    FUS_AUTO_STR struct fus_str url = {0};
    fus_str_printf(&url, "%s%s", client->server, path);
    if (url.failed || prepare(&transfer, method, url.text, true) != 0)
        return no_memory(err);
    int rc = part_count > 0 ? set_parts(&transfer, body, parts, part_count, err) : 0;
    if (rc == 0 && part_count == 0 && set_body(&transfer, body) != 0)
        rc = no_memory(err);
    long status = 0;
    if (rc == 0)
        rc = perform(&transfer, &status, err);
    if (rc != 0)
        return rc;
    json_t *json = NULL;
    if (transfer.body.length > 0) {
        json = json_loads(transfer.body.text, JSON_REJECT_DUPLICATES, NULL);
        if (json == NULL)
            return fus_error_set(err, FUS_E_INTERNAL,
                                 "%.200s answered with something else than JSON", client->server);
    }
    *answer = json;
    return 0;
}

int fus_client_download(struct fus_client *client, const char *url, int fd, uint64_t *bytes,
                        char sha256[65], struct fus_error *err)
{
    AUTO_TRANSFER struct transfer transfer = {.client = client, .fd = fd};
    FUS_AUTO_STR struct fus_str full = {0};
    fus_str_printf(&full, "%s%s", url[0] == '/' ? client->server : "", url);
    transfer.sha = fus_sha256_new();
    if (full.failed || transfer.sha == NULL ||
        prepare(&transfer, "GET", full.text, url[0] == '/') != 0)
        return no_memory(err);
    long status = 0;
    int rc = perform(&transfer, &status, err);
    if (rc != 0)
        return rc;
    curl_off_t promised = -1;
    (void)curl_easy_getinfo(client->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
    if (status != 200 || (promised >= 0 && (uint64_t)promised != transfer.bytes))
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "the result came incompletely");
    uint8_t digest[FUS_SHA256_SIZE];
    fus_sha256_final(transfer.sha, digest);
    fus_hex(digest, sizeof(digest), sha256);
    *bytes = transfer.bytes;
    return 0;
}
