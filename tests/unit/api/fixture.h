/* A server on a port of its own, with a real store and storage, and a client that sends what it is
 * told to, byte for byte. */
#ifndef FUS_TEST_API_FIXTURE_H
#define FUS_TEST_API_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cm.h"

#include <jansson.h>

#include "api/server.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

struct fixture {
    char dir[64], roots[128], db[128];
    struct fus_config config;
    struct fus_storage *storage;
    struct fus_store *store;
    struct fus_metrics *metrics;
    struct fus_api *api;
    int workers;
};

struct answer {
    int status;
    char *text; /* head and body, NUL-terminated */
    size_t size;
    const char *body;
    size_t body_size;
    json_t *json; /* of the body, or NULL */
    int answers;  /* status lines seen on the connection */
};

static inline int fixture_workers(void *user)
{
    return ((struct fixture *)user)->workers;
}

static inline int fixture_start(struct fixture *f, struct fus_error *err)
{
    const struct fus_api_options options = {.config = &f->config,
                                            .store = f->store,
                                            .storage = f->storage,
                                            .metrics = f->metrics,
                                            .workers_ready = fixture_workers,
                                            .user = f};
    return fus_api_start(&options, &f->api, err);
}

static inline void fixture_restart(struct fixture *f)
{
    struct fus_error err = {0};
    fus_api_stop(FUS_TAKE(f->api));
    int rc = fixture_start(f, &err);
    if (rc != 0)
        print_error("%s\n", err.detail);
    assert_int_equal(rc, 0);
}

static inline void fixture_write(const struct fixture *f, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    assert_int_equal(fus_fs_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct fus_error err = {0};
    assert_non_null(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/fus-api-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->roots, sizeof(f->roots), "%s/input", f->dir);
    snprintf(f->db, sizeof(f->db), "%s/store.db", f->dir);
    static char listen[] = "127.0.0.1:0", none[] = "";
    f->config = (struct fus_config){.listen = listen,
                                    .metrics_listen = listen,
                                    .public_url = none,
                                    .api_key = none,
                                    .max_body_bytes = 8 << 20,
                                    .max_json_bytes = 1 << 20,
                                    .http_threads = 2,
                                    .connection_limit = 64,
                                    .connection_timeout_s = 5,
                                    .data_dir = f->dir,
                                    .input_roots = f->roots,
                                    .link_seconds = 3600,
                                    .result_seconds = 86400,
                                    .queue_capacity = 100,
                                    .max_attempts = 3,
                                    .timeout_seconds = 3600,
                                    .max_file_bytes = 4 << 20,
                                    .max_sources = 3};
    f->workers = 1;
    assert_int_equal(fus_storage_open(&f->config, &f->storage, &err), 0);
    assert_int_equal(fus_store_open(f->db, &f->store, &err), 0);
    f->metrics = fus_metrics_new();
    fixture_write(f, "input/a.jpg", "donor");
    fixture_write(f, "input/b.png", "target");
    fixture_restart(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    fus_api_stop(f->api);
    fus_store_free(f->store);
    fus_storage_free(f->storage);
    fus_metrics_free(f->metrics);
    (void)fus_fs_remove_tree(f->dir, NULL);
    free(f);
    return 0;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* ---- the client ---- */

static inline int client_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 20};
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline void client_send(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server may close early; what it answered is what is looked at */
        at += sent;
        size -= (size_t)sent;
    }
}

/* Until the connection ends, or the first answer is whole and `one` is set. */
static inline struct answer client_read(int fd)
{
    struct answer answer = {.text = calloc(1, 1)};
    size_t capacity = 0;
    for (;;) {
        if (answer.size + 65536 > capacity) {
            capacity = answer.size + 262144;
            answer.text = realloc(answer.text, capacity + 1);
            assert_non_null(answer.text);
        }
        ssize_t got = recv(fd, answer.text + answer.size, capacity - answer.size, 0);
        if (got <= 0)
            break;
        answer.size += (size_t)got;
    }
    answer.text[answer.size] = '\0';
    close(fd);
    const char *at = answer.text;
    if (strncmp(at, "HTTP/1.1 100", 12) == 0)
        at = strstr(at, "\r\n\r\n") + 4;
    (void)sscanf(at, "HTTP/1.1 %d", &answer.status);
    for (const char *line = answer.text; (line = strstr(line, "HTTP/1.1 ")) != NULL; line++)
        answer.answers++;
    const char *end = strstr(at, "\r\n\r\n");
    answer.body = end != NULL ? end + 4 : "";
    answer.body_size = end != NULL ? answer.size - (size_t)(answer.body - answer.text) : 0;
    answer.json = json_loadb(answer.body, answer.body_size, 0, NULL);
    return answer;
}

static inline void answer_done(struct answer *answer)
{
    free(answer->text);
    json_decref(answer->json);
}
#define AUTO_ANSWER __attribute__((cleanup(answer_done)))

static inline struct answer send_raw(struct fixture *f, const char *bytes, size_t size)
{
    int fd = client_connect(fus_api_port(f->api));
    client_send(fd, bytes, size);
    return client_read(fd);
}

/* headers: lines that end with CRLF, or "". */
static inline struct answer ask(struct fixture *f, const char *method, const char *target,
                                const char *headers, const char *body)
{
    size_t size = strlen(body) + strlen(headers) + strlen(target) + 512;
    char *text = malloc(size);
    assert_non_null(text);
    int length = snprintf(text, size,
                          "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s"
                          "Content-Length: %zu\r\n\r\n%s",
                          method, target, headers, strlen(body), body);
    struct answer answer = send_raw(f, text, (size_t)length);
    free(text);
    return answer;
}

#define JSON_TYPE "Content-Type: application/json\r\n"
#define FORM_TYPE "Content-Type: multipart/form-data; boundary=b\r\n"

static inline struct answer get(struct fixture *f, const char *target)
{
    return ask(f, "GET", target, "", "");
}

static inline struct answer post(struct fixture *f, const char *target, const char *body)
{
    return ask(f, "POST", target, JSON_TYPE, body);
}

/* Value of a header, copied; "" without one. */
static inline const char *header(const struct answer *answer, const char *name, char out[512])
{
    char wanted[64];
    out[0] = '\0';
    snprintf(wanted, sizeof(wanted), "\r\n%s: ", name);
    const char *at = strcasestr(answer->text, wanted);
    if (at != NULL && at < answer->body) {
        at += strlen(wanted);
        snprintf(out, 512, "%.*s", (int)strcspn(at, "\r"), at);
    }
    return out;
}

static inline const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static inline void assert_problem(const struct answer *answer, int status, const char *code)
{
    char out[512];
    if (answer->status != status)
        print_error("%.600s\n", answer->text);
    assert_int_equal(answer->status, status);
    assert_string_equal(header(answer, "Content-Type", out), "application/problem+json");
    assert_string_equal(text_of(answer->json, "code"), code);
    assert_string_equal(text_of(answer->json, "request_id"), header(answer, "X-Request-Id", out));
    assert_int_equal(strlen(out), 20);
}

#define SIMPLE_JOB "{\"source_images\":[\"a.jpg\"],\"target\":\"b.png\"}"

/* Submits a plain job; its id. */
static inline void submit(struct fixture *f, char id[64])
{
    struct answer AUTO_ANSWER answer = post(f, "/api/v1/jobs", SIMPLE_JOB);
    if (answer.status != 202)
        print_error("%.600s\n", answer.text);
    assert_int_equal(answer.status, 202);
    snprintf(id, 64, "%s", text_of(answer.json, "job_id"));
}

/* What a worker would do to the oldest queued job: claim it, and end it with this result. */
static inline int64_t claim(struct fixture *f)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    bool claimed = false;
    assert_int_equal(
        fus_store_claim(f->store, "test", 60000000, fus_clock_real_us(), &job, &claimed, NULL), 0);
    assert_true(claimed);
    return job.fencing_token;
}

static inline void complete(struct fixture *f, const char *id, const char *bytes)
{
    char object[80], result[600], sha[65], path[256];
    uint8_t digest[32];
    FUS_AUTO_FREE char *folder = NULL;
    int64_t token = claim(f), now = fus_clock_real_us();
    snprintf(object, sizeof(object), "%s.png", id);
    assert_int_equal(fus_storage_job_dir(f->storage, id, &folder, NULL), 0);
    snprintf(path, sizeof(path), "%s/out.png", folder);
    assert_int_equal(fus_fs_write_atomic(path, bytes, strlen(bytes), 0600, NULL), 0);
    assert_int_equal(fus_storage_put_result(f->storage, path, object, NULL), 0);
    fus_sha256(bytes, strlen(bytes), digest);
    fus_hex(digest, 32, sha);
    snprintf(result, sizeof(result),
             "{\"object\":\"%s\",\"container\":\"png\",\"width\":4,\"height\":3,\"sha256\":\"%s\","
             "\"faces\":{\"source\":1,\"target_max\":2},\"timings\":{\"swap_ms\":3.6},"
             "\"models\":[{\"id\":\"mesh_blend\",\"sha256\":\"\"}]}",
             object, sha);
    assert_int_equal(fus_store_finish(f->store, id, token, FUS_JOB_COMPLETED, result, NULL, "[]",
                                      now + 86400000000, now, NULL),
                     0);
}

#endif
