#include "cli/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

enum {
    ATTEMPTS = 5,      /* at one place without getting further */
    RETRIES_MAX = 200, /* of one file, however it crawls on */
    BACK_OFF_MS = 200,
    BACK_OFF_CAP_MS = 5000,
    POLL_MS = 100,
    CONNECT_MS = 10000,
    HASH_MAX = 64,
    COPY_CHUNK = 1 << 20,
};
#define FILE_MAX ((int64_t)2 << 30)

enum phase { PHASE_HASH, PHASE_FILE, PHASE_DONE };

struct job {
    const struct fus_fetch *fetch;
    struct fus_fetch_item *item;
    char *hash_places[FUS_FETCH_PLACES_MAX], *places[FUS_FETCH_PLACES_MAX];
    size_t place_count, place;
    char *path, *part, *hash_path;
    enum phase phase;
    int attempt, retries;
    int64_t not_before_ms, offset, best; /* best: bytes had when an attempt last counted anew */
    struct fus_expected expected;
    CURL *easy; /* while a transfer runs */
    int fd;
    int64_t range_start; /* of the answer, -1 */
    bool begun, bad_range, too_long;
    char hash[HASH_MAX];
    size_t hash_size;
    struct fus_error write_error;
};

static int64_t now_ms(void)
{
    return fus_clock_monotonic_us() / 1000;
}

static void end(struct job *job, int rc)
{
    job->item->rc = rc;
    job->phase = PHASE_DONE;
    job->item->finished = true;
    if (rc == 0)
        job->item->done = job->item->total = FUS_MAX(fus_fs_size(job->path), 0);
    if (job->fetch->progress != NULL)
        job->fetch->progress(job->fetch->user, NULL, 0, job->item);
}

static void next_place(struct job *job, int rc, const char *format, ...) FUS_PRINTF(3, 4);
static void next_place(struct job *job, int rc, const char *format, ...)
{
    char why[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    /* The first place's absence tells most, a damaged file or a failing server more than that. */
    if (job->item->err.code == 0 || rc != FUS_E_NOT_FOUND)
        (void)fus_error_set(&job->item->err, rc, "%.160s: %s",
                            job->places[FUS_MIN(job->place, job->place_count - 1)], why);
    job->place++;
    job->attempt = 0;
    job->phase = PHASE_HASH;
    job->not_before_ms = 0;
    if (job->place >= job->place_count)
        end(job, job->item->err.code);
}

static bool part_is_right(const struct job *job, struct fus_digests *digests)
{
    FUS_AUTO_FD int fd = open(job->part, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && fus_digests_fd(fd, digests, NULL) == 0 &&
           fus_verify_compare(job->item->model, &job->expected, digests, NULL) == 0;
}

static int make_folder_of(const char *path, struct fus_error *err)
{
    FUS_AUTO_FREE char *folder = fus_strdup(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    if (slash == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    *slash = '\0';
    return fus_fs_mkdirs(folder, 0755, err);
}

/* The .hash first: alone it harms nobody. An older record would have the last word. */
static int put_hash(struct job *job, struct fus_error *err)
{
    int rc = 0;
    if (job->expected.proof == FUS_PROOF_CRC32)
        rc = fus_fs_write_atomic(job->hash_path, job->expected.hex, 8, 0644, err);
    return rc != 0 ? rc : fus_verify_record(job->fetch->folder, job->item->model->file, NULL, err);
}

static void publish(struct job *job, const struct fus_digests *digests)
{
    struct stat facts;
    int rc = put_hash(job, &job->item->err);
    if (rc == 0)
        rc = fus_fs_publish(job->part, job->path, &job->item->err);
    if (rc == 0 && stat(job->path, &facts) == 0)
        fus_verify_remember(job->fetch->folder, job->item->model->file, &facts, digests);
    end(job, rc);
}

static void retry(struct job *job, const char *why)
{
    int64_t have = FUS_MAX(fus_fs_size(job->part), 0);
    int64_t step = FUS_MIN((int64_t)65536, FUS_MAX(job->item->total / 20, 1));
    if (job->phase == PHASE_FILE && have >= job->best + step) {
        job->best = have;
        job->attempt = 0;
    }
    job->attempt++;
    job->retries++;
    struct fus_digests digests;
    bool last = job->attempt >= ATTEMPTS || job->retries >= RETRIES_MAX;
    if (last && job->phase == PHASE_FILE && part_is_right(job, &digests))
        publish(job, &digests); /* whatever length the server claims */
    else if (last)
        next_place(job, FUS_E_SOURCE_FETCH_FAILED, "%s", why);
    else
        job->not_before_ms =
            now_ms() + FUS_MIN(BACK_OFF_MS << FUS_MIN(job->attempt - 1, 6), BACK_OFF_CAP_MS);
}

static void conclude_file(struct job *job)
{
    struct fus_digests digests;
    if (part_is_right(job, &digests)) {
        publish(job, &digests);
        return;
    }
    bool resumed = job->offset > 0;
    (void)unlink(job->part);
    job->best = 0;
    if (resumed) /* perhaps the rest of another file: once more from the start */
        retry(job, "what came is not what it should be");
    else
        next_place(job, FUS_E_MODEL_CORRUPT, "what came is not what %s says",
                   job->expected.proof == FUS_PROOF_CRC32 ? "its .hash" : "the manifest");
}

/* What it should be is known: perhaps it is there already. */
static void after_hash(struct job *job)
{
    struct fus_digests digests;
    struct stat facts;
    FUS_AUTO_FD int fd = open(job->path, O_RDONLY | O_CLOEXEC);
    job->phase = PHASE_FILE;
    job->attempt = 0;
    if (fd < 0 || fstat(fd, &facts) != 0 || fus_digests_fd(fd, &digests, NULL) != 0 ||
        fus_verify_compare(job->item->model, &job->expected, &digests, NULL) != 0)
        return;
    int rc = put_hash(job, &job->item->err);
    if (rc == 0)
        fus_verify_remember(job->fetch->folder, job->item->model->file, &facts, &digests);
    end(job, rc);
}

/* The row's own digest, where the place has no .hash. */
static void without_hash(struct job *job)
{
    const struct fus_model *model = job->item->model;
    bool sha = model->sha256[0] != '\0';
    job->expected = (struct fus_expected){.source = "the manifest"};
    if (!sha && model->crc32[0] == '\0') {
        next_place(job, FUS_E_NOT_FOUND, "no .hash there");
        return;
    }
    job->expected.proof = sha ? FUS_PROOF_SHA256 : FUS_PROOF_CRC32;
    (void)fus_strlcpy(job->expected.hex, sha ? model->sha256 : model->crc32,
                      sizeof(job->expected.hex));
    after_hash(job);
}

static void with_hash(struct job *job)
{
    job->expected = (struct fus_expected){.proof = FUS_PROOF_CRC32, .source = "its .hash"};
    if (fus_hash_parse(job->hash, job->hash_size, job->expected.hex))
        after_hash(job);
    else
        next_place(job, FUS_E_MODEL_CORRUPT, "its .hash is not eight hexadecimal digits");
}

/* ---- a folder as a place ---- */

static int copy_file(struct job *job, int from, int to, struct fus_error *err)
{
    FUS_AUTO_FREE char *chunk = fus_malloc(COPY_CHUNK);
    if (chunk == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    for (;;) {
        if (job->fetch->cancelled != NULL && job->fetch->cancelled(job->fetch->user))
            return FUS_E_CANCELLED;
        ssize_t got = read(from, chunk, COPY_CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fus_error_errno(err, errno, "reading failed");
        if (got == 0)
            return 0;
        int rc = fus_fs_write_all(to, chunk, (size_t)got, err);
        if (rc != 0)
            return rc;
        job->item->done += got;
        if (job->item->done > FILE_MAX)
            return fus_error_set(err, FUS_E_MODEL_CORRUPT, "it is larger than 2 GiB");
    }
}

static void take_local(struct job *job)
{
    bool hash = job->phase == PHASE_HASH;
    FUS_AUTO_FD int from =
        open(hash ? job->hash_places[job->place] : job->places[job->place], O_RDONLY | O_CLOEXEC);
    if (from < 0 && hash && errno == ENOENT) {
        without_hash(job);
        return;
    }
    if (from < 0) {
        next_place(job, FUS_E_NOT_FOUND, "%s", strerror(errno));
        return;
    }
    if (hash) {
        ssize_t got = read(from, job->hash, HASH_MAX);
        job->hash_size = got > 0 ? (size_t)got : 0;
        with_hash(job);
        return;
    }
    FUS_AUTO_FD int to = open(job->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct fus_error err = {0};
    job->offset = job->item->done = 0;
    int rc = to < 0 ? fus_error_set(&err, FUS_E_STORAGE_UNAVAILABLE, "%s", strerror(errno))
                    : copy_file(job, from, to, &err);
    if (rc == 0)
        conclude_file(job);
    else if (rc != FUS_E_CANCELLED) {
        job->item->err = err;
        end(job, rc);
    }
}

/* ---- an address as a place ---- */

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    struct job *job = user;
    static const char NAME[] = "content-range: bytes ";
    size_t length = size * count;
    if (length > 5 && strncmp(bytes, "HTTP/", 5) == 0)
        job->range_start = -1;
    char line[128];
    if (length < sizeof(line) && length > sizeof(NAME)) {
        memcpy(line, bytes, length);
        line[length] = '\0';
        int64_t start = -1;
        if (strncasecmp(line, NAME, sizeof(NAME) - 1) == 0) {
            char *digits = line + sizeof(NAME) - 1;
            digits[strspn(digits, "0123456789")] = '\0';
            if (fus_parse_int(digits, 0, INT64_MAX, &start))
                job->range_start = start;
        }
    }
    return length;
}

/* The first bytes of an answer tell whether it goes on where we are. */
static bool begin(struct job *job, long status)
{
    job->begun = true;
    if (status == 206) {
        job->bad_range = job->range_start != job->offset;
        return !job->bad_range;
    }
    if (job->offset > 0 && (ftruncate(job->fd, 0) != 0 || lseek(job->fd, 0, SEEK_SET) != 0))
        return false;
    job->offset = job->item->done = 0;
    return true;
}

static size_t on_data(char *bytes, size_t size, size_t count, void *user)
{
    struct job *job = user;
    size_t length = size * count;
    long status = 0;
    (void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 206)
        return length;
    if (job->phase == PHASE_HASH) {
        size_t taken = FUS_MIN(length, HASH_MAX - job->hash_size);
        memcpy(job->hash + job->hash_size, bytes, taken);
        job->hash_size += taken;
        return taken;
    }
    if (!job->begun && !begin(job, status))
        return 0;
    job->too_long = job->item->done + (int64_t)length > FILE_MAX;
    if (job->too_long || fus_fs_write_all(job->fd, bytes, length, &job->write_error) != 0)
        return 0;
    job->item->done += (int64_t)length;
    curl_off_t announced = -1;
    (void)curl_easy_getinfo(job->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0)
        job->item->total = job->offset + announced;
    return length;
}

static int open_part(struct job *job, struct fus_error *err)
{
    int rc = make_folder_of(job->part, err);
    if (rc != 0)
        return rc;
    job->fd = open(job->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    job->offset = job->fd >= 0 ? (int64_t)lseek(job->fd, 0, SEEK_END) : -1;
    if (job->offset < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "the models folder cannot be written: %s", strerror(errno));
    job->item->done = job->offset;
    return 0;
}

static int start_transfer(struct job *job, CURLM *multi, struct fus_error *err)
{
    bool hash = job->phase == PHASE_HASH;
    job->hash_size = 0;
    job->begun = job->bad_range = job->too_long = false;
    job->range_start = -1;
    job->write_error = (struct fus_error){0};
    int rc = hash ? 0 : open_part(job, err);
    if (rc != 0)
        return rc;
    CURL *easy = job->easy = curl_easy_init();
    const char *place = hash ? job->hash_places[job->place] : job->places[job->place];
    bool ok = easy != NULL && curl_easy_setopt(easy, CURLOPT_URL, place) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PRIVATE, job) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_USERAGENT, "fusiond/" FUS_VERSION) == CURLE_OK;
    char range[32];
    if (ok && !hash && job->offset > 0) {
        (void)snprintf(range, sizeof(range), "%lld-", (long long)job->offset);
        ok = curl_easy_setopt(easy, CURLOPT_RANGE, range) == CURLE_OK;
    }
    if (!ok)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "libcurl does not start");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                           (long)FUS_MIN(job->fetch->stall_ms, CONNECT_MS));
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                           (long)FUS_MAX(job->fetch->stall_ms / 1000, 1));
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
    return curl_multi_add_handle(multi, easy) == CURLM_OK
               ? 0
               : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "libcurl does not start");
}

static void stop_transfer(struct job *job, CURLM *multi)
{
    if (job->easy != NULL) {
        (void)curl_multi_remove_handle(multi, job->easy);
        curl_easy_cleanup(job->easy);
    }
    if (job->fd >= 0 && fus_fs_size(job->part) == 0)
        (void)unlink(job->part); /* nothing came that could be gone on with */
    fus_close(job->fd);
    job->easy = NULL;
    job->fd = -1;
}

static bool worth_another_try(CURLcode code)
{
    return code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_UNSUPPORTED_PROTOCOL &&
           code != CURLE_URL_MALFORMAT && code != CURLE_TOO_MANY_REDIRECTS &&
           code != CURLE_PEER_FAILED_VERIFICATION;
}

static void after_transfer(struct job *job, CURLcode code, long status)
{
    bool hash = job->phase == PHASE_HASH;
    char why[160];
    (void)snprintf(why, sizeof(why), "the server answers %ld", status);
    struct fus_digests digests;
    if (job->write_error.code != 0) {
        job->item->err = job->write_error;
        end(job, job->write_error.code);
    } else if (job->too_long) {
        (void)unlink(job->part);
        next_place(job, FUS_E_MODEL_CORRUPT, "it is larger than 2 GiB");
    } else if (job->bad_range || status == 416) {
        if (part_is_right(job, &digests)) {
            publish(job, &digests);
            return;
        }
        (void)unlink(job->part);
        job->best = 0;
        retry(job, "the server cannot go on where the download ended");
    } else if (status == 408 || status == 429 || status >= 500) {
        retry(job, why);
    } else if (hash && (status == 404 || status == 410)) {
        without_hash(job);
    } else if (status >= 300) {
        next_place(job, status == 404 ? FUS_E_NOT_FOUND : FUS_E_SOURCE_FETCH_FAILED, "%s", why);
    } else if (hash && job->hash_size == HASH_MAX) {
        with_hash(job); /* no .hash is that long; the rest was not read */
    } else if (code != CURLE_OK && worth_another_try(code)) {
        retry(job, curl_easy_strerror(code));
    } else if (code != CURLE_OK) {
        next_place(job, FUS_E_SOURCE_FETCH_FAILED, "%s", curl_easy_strerror(code));
    } else if (hash) {
        with_hash(job);
    } else if (!job->begun) {
        retry(job, "the server sends an empty file");
    } else {
        conclude_file(job);
    }
}

static void collect(CURLM *multi)
{
    int left = 0;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        char *private = NULL;
        long status = 0;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        struct job *job = (struct job *)(void *)private;
        stop_transfer(job, multi);
        after_transfer(job, code, status);
    }
}

/* ---- all of them ---- */

static int prepare(const struct fus_fetch *fetch, struct job *job, struct fus_fetch_item *item,
                   struct fus_error *err)
{
    const struct fus_model *model = item->model;
    *job = (struct job){.fetch = fetch, .item = item, .fd = -1};
    *item = (struct fus_fetch_item){.model = model};
    FUS_AUTO_FREE char *hash = fus_hash_name(model->file);
    FUS_AUTO_STR struct fus_str part = {0};
    fus_str_printf(&part, "%s/%s.part", fetch->folder, model->file);
    job->path = fus_fs_join(fetch->folder, model->file);
    job->hash_path = hash != NULL ? fus_fs_join(fetch->folder, hash) : NULL;
    job->part = fus_str_take(&part);
    job->place_count = fus_fetch_places(fetch->base_urls, model, false, job->places);
    size_t hashes = fus_fetch_places(fetch->base_urls, model, true, job->hash_places);
    if (job->path == NULL || job->part == NULL || job->hash_path == NULL ||
        hashes != job->place_count)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (job->place_count == 0) {
        (void)fus_error_set(&item->err, FUS_E_NOT_FOUND, "models.base_urls names no place");
        end(job, FUS_E_NOT_FOUND);
    }
    return make_folder_of(job->path, err);
}

static void job_done(struct job *job)
{
    for (size_t i = 0; i < FUS_FETCH_PLACES_MAX; i++) {
        fus_free(job->places[i]);
        fus_free(job->hash_places[i]);
    }
    fus_free(job->path);
    fus_free(job->part);
    fus_free(job->hash_path);
}

/* Starts what can be started; the number of jobs that are not done comes back. */
static size_t start_some(const struct fus_fetch *fetch, struct job *jobs, size_t count,
                         CURLM *multi)
{
    size_t open = 0;
    int running = 0;
    int64_t now = now_ms();
    for (size_t i = 0; i < count; i++)
        running += jobs[i].easy != NULL;
    for (size_t i = 0; i < count; i++) {
        struct job *job = &jobs[i];
        if (job->phase != PHASE_DONE && job->easy == NULL && running < fetch->connections &&
            job->not_before_ms <= now) {
            struct fus_error err = {0};
            running++;
            if (job->places[job->place][0] == '/') {
                take_local(job);
            } else if (start_transfer(job, multi, &err) != 0) {
                stop_transfer(job, multi);
                job->item->err = err;
                end(job, err.code);
            }
        }
        open += job->phase != PHASE_DONE;
    }
    return open;
}

/* A full disk is full for all of them. */
static bool disk_is_full(const struct fus_fetch_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].finished && items[i].rc == FUS_E_STORAGE_UNAVAILABLE)
            return true;
    }
    return false;
}

static int run(const struct fus_fetch *fetch, struct job *jobs, struct fus_fetch_item *items,
               size_t count, CURLM *multi, struct fus_error *err)
{
    int active = 0;
    while (start_some(fetch, jobs, count, multi) > 0) {
        if (fetch->cancelled != NULL && fetch->cancelled(fetch->user))
            return fus_error_set(err, FUS_E_CANCELLED, "stopped; the next pull goes on from here");
        if (disk_is_full(items, count))
            break;
        if (curl_multi_perform(multi, &active) != CURLM_OK ||
            curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            return fus_error_set(err, FUS_E_INTERNAL, "libcurl fails");
        collect(multi);
        if (fetch->progress != NULL)
            fetch->progress(fetch->user, items, count, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].finished)
            continue;
        (void)fus_error_set(&items[i].err, FUS_E_STORAGE_UNAVAILABLE, "the disk is full");
        items[i].rc = FUS_E_STORAGE_UNAVAILABLE;
    }
    return 0;
}

int fus_fetch_all(const struct fus_fetch *fetch, struct fus_fetch_item *items, size_t count,
                  struct fus_error *err)
{
    if (count > FUS_FETCH_ITEMS_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "too many models at once");
    struct job *jobs = fus_calloc(count + 1, sizeof(*jobs));
    CURLM *multi = curl_multi_init();
    int rc = jobs == NULL || multi == NULL
                 ? fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory")
                 : 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = prepare(fetch, &jobs[i], &items[i], err);
    if (rc == 0)
        rc = run(fetch, jobs, items, count, multi, err);
    for (size_t i = 0; jobs != NULL && i < count; i++) {
        if (multi != NULL && jobs[i].fetch != NULL)
            stop_transfer(&jobs[i], multi);
        job_done(&jobs[i]);
    }
    fus_free(jobs);
    if (multi != NULL)
        (void)curl_multi_cleanup(multi);
    return rc;
}
