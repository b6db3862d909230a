#include "api/idempotency.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "api/form.h"
#include "api/json.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/mem.h"

#define DAY_US (INT64_C(86400) * 1000000)

struct fus_idempotency {
    pthread_mutex_t lock;
    char ids[FUS_IN_FLIGHT_MAX][FUS_ID_SIZE]; /* guarded by lock; "" is free */
};

struct fus_idempotency *fus_idempotency_new(void)
{
    struct fus_idempotency *made = fus_calloc(1, sizeof(*made));
    if (made != NULL)
        pthread_mutex_init(&made->lock, NULL);
    return made;
}

void fus_idempotency_free(struct fus_idempotency *idempotency)
{
    if (idempotency == NULL)
        return;
    pthread_mutex_destroy(&idempotency->lock);
    fus_free(idempotency);
}

static int check_key(const char *key, struct fus_error *err)
{
    size_t length = strlen(key);
    bool visible = length >= 1 && length <= 255;
    for (const char *c = key; visible && *c != '\0'; c++)
        visible = *c > 0x20 && *c < 0x7f;
    return visible
               ? 0
               : fus_error_set(err, FUS_E_INVALID_REQUEST,
                               "The Idempotency-Key must be 1 to 255 visible ASCII characters.");
}

/* Looks like any id of base/crypto.h; the date is that of the first request. */
static int derive_id(struct fus_api *api, const char *key, int64_t now_us, char id[FUS_ID_SIZE])
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint8_t mac[FUS_SHA256_SIZE];
    char date[9];
    if (!fus_storage_mac(api->options.storage, "idempotency", key, mac))
        return FUS_E_OUT_OF_MEMORY;
    fus_clock_date(now_us, date);
    int length = snprintf(id, FUS_ID_SIZE, "job_%s_", date);
    for (size_t i = 0; i < 13; i++)
        id[(size_t)length + i] = digits[mac[i] & 31];
    id[length + 13] = '\0';
    return 0;
}

static int mark(struct fus_idempotency *idempotency, const char *id, struct fus_error *err)
{
    int rc = 0;
    char *slot = NULL;
    pthread_mutex_lock(&idempotency->lock);
    for (size_t i = 0; i < FUS_IN_FLIGHT_MAX && rc == 0; i++) {
        if (strcmp(idempotency->ids[i], id) == 0)
            rc = FUS_E_CONFLICT;
        else if (idempotency->ids[i][0] == '\0' && slot == NULL)
            slot = idempotency->ids[i];
    }
    if (rc == 0 && slot != NULL)
        fus_strlcpy(slot, id, FUS_ID_SIZE);
    pthread_mutex_unlock(&idempotency->lock);
    if (rc != 0)
        return fus_error_set(err, rc,
                             "A request with this Idempotency-Key has not been answered yet.");
    return slot != NULL ? 0
                        : fus_error_set(err, FUS_E_NOT_READY,
                                        "Too many requests with an Idempotency-Key at a time.");
}

int fus_idempotency_take(struct fus_api *api, struct fus_http_request *request,
                         struct fus_error *err)
{
    const char *key = fus_http_header(request, "Idempotency-Key");
    if (key == NULL) {
        fus_id_new("job", request->job_id);
        return 0;
    }
    int rc = check_key(key, err);
    if (rc == 0 && derive_id(api, key, fus_clock_real_us(), request->job_id) != 0)
        rc = fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for the job.");
    if (rc == 0)
        rc = mark(api->idempotency, request->job_id, err);
    request->keyed = rc == 0;
    return rc;
}

void fus_idempotency_release(struct fus_api *api, struct fus_http_request *request)
{
    if (!request->keyed)
        return;
    struct fus_idempotency *idempotency = api->idempotency;
    pthread_mutex_lock(&idempotency->lock);
    for (size_t i = 0; i < FUS_IN_FLIGHT_MAX; i++)
        if (strcmp(idempotency->ids[i], request->job_id) == 0)
            idempotency->ids[i][0] = '\0';
    pthread_mutex_unlock(&idempotency->lock);
    request->keyed = false;
}

int fus_idempotency_digest(const struct fus_http_request *request, const json_t *body,
                           char hex[FUS_SHA256_HEX_SIZE], struct fus_error *err)
{
    uint8_t digest[FUS_SHA256_SIZE];
    FUS_CLEANUP(fus_sha256_free) struct fus_sha256 *sha = fus_sha256_new();
    char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    if (sha == NULL || text == NULL) {
        free(text);
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for the job.");
    }
    /* Each with its NUL, so that no two ways of cutting the texts agree. */
    fus_sha256_update(sha, request->route->path, strlen(request->route->path) + 1);
    fus_sha256_update(sha, text, strlen(text) + 1);
    free(text);
    for (size_t i = 0; request->form != NULL && i < request->form->count; i++) {
        const struct fus_form_part *part = &request->form->parts[i];
        if (part->file[0] == '\0')
            continue;
        fus_sha256_update(sha, part->name, strlen(part->name) + 1);
        fus_sha256_update(sha, part->sha256, sizeof(part->sha256));
    }
    fus_sha256_final(sha, digest);
    fus_hex(digest, sizeof(digest), hex);
    return 0;
}

int fus_idempotency_find(struct fus_api *api, const struct fus_http_request *request,
                         const char *digest, struct fus_job *job, bool *found,
                         struct fus_error *err)
{
    char id[FUS_ID_SIZE];
    const char *key = fus_http_header(request, "Idempotency-Key");
    *found = false;
    /* Today's id, and yesterday's. */
    for (int day = 0; key != NULL && day < 2; day++) {
        if (derive_id(api, key, fus_clock_real_us() - day * DAY_US, id) != 0)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for the job.");
        int rc = fus_store_get(api->options.store, "default", id, job, err);
        if (rc == FUS_E_NOT_FOUND)
            continue;
        if (rc != 0)
            return rc;
        FUS_AUTO_JSON json_t *kept = json_loads(job->request, 0, NULL);
        const char *first = json_string_value(json_object_get(kept, "idempotency"));
        if (first == NULL || strcmp(first, digest) != 0)
            return fus_error_set(err, FUS_E_IDEMPOTENCY_CONFLICT,
                                 "This Idempotency-Key was used for another request.");
        *found = true;
        return 0;
    }
    return 0;
}
