#include "fixture.h"

#include <dirent.h>
#include <pthread.h>

static const char *pointer_at(const struct answer *answer, size_t index)
{
    return text_of(json_array_get(json_object_get(answer->json, "errors"), index), "pointer");
}

static bool has_pointer(const struct answer *answer, const char *pointer)
{
    for (size_t i = 0; i < json_array_size(json_object_get(answer->json, "errors")); i++)
        if (strcmp(pointer_at(answer, i), pointer) == 0)
            return true;
    return false;
}

static size_t folder_size(const struct fixture *f, const char *name)
{
    char path[256];
    size_t count = 0;
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static json_t *kept_request(struct fixture *f, const char *id)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    assert_int_equal(fus_store_get(f->store, NULL, id, &job, NULL), 0);
    json_t *request = json_loads(job.request, 0, NULL);
    assert_non_null(request);
    return request;
}

static void a_job_is_accepted_and_durable(void **state)
{
    struct fixture *f = *state;
    char out[512], location[128];
    struct answer AUTO_ANSWER answer =
        post(f, "/api/v1/jobs",
             "{\"source_images\":[\"a.jpg\"],\"target_image\":\"b.png\","
             "\"output_format\":\"jpeg\",\"priority\":7,\"metadata\":{\"k\":[1]}}");
    assert_int_equal(answer.status, 202);
    assert_string_equal(header(&answer, "Content-Type", out), "application/json");
    snprintf(location, sizeof(location), "/api/v1/jobs/%s", text_of(answer.json, "job_id"));
    assert_string_equal(header(&answer, "Location", out), location);
    assert_string_equal(header(&answer, "Retry-After", out), "1");
    static const char *const fixed[] = {
        "job_id",     "status",     "progress",   "step",         "estimated_finish_time",
        "created_at", "updated_at", "result_url", "error_message"};
    void *member = json_object_iter(answer.json);
    for (size_t i = 0; i < FUS_COUNT(fixed); i++) {
        assert_string_equal(json_object_iter_key(member), fixed[i]);
        member = json_object_iter_next(answer.json, member);
    }
    assert_string_equal(text_of(answer.json, "status"), "queued");
    assert_int_equal(json_integer_value(json_object_get(answer.json, "queue_position")), 1);
    assert_int_equal(json_integer_value(json_object_get(answer.json, "priority")), 7);
    assert_non_null(json_object_get(json_object_get(answer.json, "metadata"), "k"));
    json_t *request = kept_request(f, text_of(answer.json, "job_id"));
    char *text = json_dumps(request, JSON_COMPACT);
    assert_string_equal(text, "{\"sources\":[{\"kind\":\"path\",\"value\":\"a.jpg\"}],"
                              "\"target\":{\"kind\":\"path\",\"value\":\"b.png\"},"
                              "\"output_format\":\"jpg\","
                              "\"parameters\":{\"processors\":[\"face_swapper\"]}}");
    free(text);
    json_decref(request);
}

static void the_products_own_body_is_accepted(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER answer =
        post(f, "/api/v1/jobs",
             "{\"source_images\":[\"a.jpg\"],\"target_video\":\"b.png\",\"output_format\":\"mp4\","
             "\"parameters\":{\"face_detector\":\"builtin\",\"reference_face_position\":0,"
             "\"processors\":[\"face_swapper\"],\"output_quality\":95,\"fps\":30,"
             "\"temp_directory\":\"temp\"}}");
    assert_int_equal(answer.status, 202);
    const json_t *warning = json_array_get(json_object_get(answer.json, "warnings"), 0);
    assert_string_equal(text_of(warning, "code"), "parameter_ignored");
    assert_non_null(strstr(text_of(warning, "detail"), "temp_directory"));
    json_t *request = kept_request(f, text_of(answer.json, "job_id"));
    const json_t *parameters = json_object_get(request, "parameters");
    assert_int_equal(json_integer_value(json_object_get(parameters, "output_video_quality")), 95);
    json_decref(request);
    struct answer AUTO_ANSWER missing = post(f, "/api/v1/jobs",
                                             "{\"source_images\":[\"a.jpg\"],\"target\":\"b.png\","
                                             "\"parameters\":{\"face_detector\":\"retinaface\"}}");
    assert_problem(&missing, 422, "model_not_found");
}

static void all_faults_are_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER answer = post(
        f, "/api/v1/jobs",
        "{\"source_images\":[\"a.jpg\",5,\"none.jpg\"],\"target\":\"../../etc/passwd\","
        "\"priorty\":3,\"output_format\":\"gif\",\"max_attempts\":0,\"webhook\":{},\"metadata\":3,"
        "\"cache\":\"never\",\"parameters\":{\"face_swapper_modle\":\"x\"}}");
    assert_problem(&answer, 422, "invalid_parameter");
    static const char *const pointers[] = {"/source_images/1", "/source_images/2",
                                           "/target",          "/priorty",
                                           "/output_format",   "/max_attempts",
                                           "/webhook",         "/metadata",
                                           "/cache",           "/parameters/face_swapper_modle"};
    for (size_t i = 0; i < FUS_COUNT(pointers); i++)
        if (!has_pointer(&answer, pointers[i]))
            fail_msg("%s is missing in %s", pointers[i], answer.body);
    assert_non_null(strstr(answer.body, "did you mean \\\"priority\\\"?"));
    assert_non_null(strstr(answer.body, "face_swapper_model"));
}

static void expect(struct fixture *f, const char *body, int status, const char *code,
                   const char *pointer)
{
    struct answer AUTO_ANSWER answer = post(f, "/api/v1/jobs", body);
    assert_problem(&answer, status, code);
    if (pointer != NULL)
        assert_string_equal(pointer_at(&answer, 0), pointer);
}

static void inputs_are_looked_at_when_a_job_comes(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "input/empty.png", "");
#define WITH_TARGET(t) "{\"source_images\":[\"a.jpg\"],\"target\":\"" t "\"}"
    expect(f, WITH_TARGET("../../etc/passwd"), 422, "source_forbidden", "/target");
    expect(f, WITH_TARGET("/etc/passwd"), 422, "source_forbidden", "/target");
    expect(f, WITH_TARGET("none.png"), 422, "source_fetch_failed", "/target");
    expect(f, WITH_TARGET("empty.png"), 415, "unsupported_media", "/target");
    expect(f, WITH_TARGET("https://example.org/a.png"), 422, "invalid_parameter", "/target");
    expect(f, WITH_TARGET("s3://bucket/a.png"), 422, "invalid_parameter", "/target");
    expect(f, WITH_TARGET("data:image/png;base64,AAAA"), 422, "invalid_parameter", "/target");
    expect(f, WITH_TARGET("upl_123"), 422, "invalid_parameter", "/target");
    expect(f, WITH_TARGET("part:x"), 422, "invalid_parameter", "/target");
    expect(f, "{\"source_images\":[\"a.jpg\"]}", 422, "invalid_parameter", "/target");
    expect(f, "{\"target\":\"b.png\"}", 422, "invalid_parameter", "/source_images");
    expect(f, "{\"source_images\":[\"a.jpg\"],\"target\":\"b.png\",\"target_video\":\"b.png\"}",
           422, "invalid_parameter", NULL);
    expect(f, "{\"source_images\":[\"a.jpg\",\"a.jpg\",\"a.jpg\",\"a.jpg\"],\"target\":\"b.png\"}",
           422, "invalid_parameter", "/source_images");
}

static void without_a_swapper_no_source_is_needed(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER answer =
        post(f, "/api/v1/jobs", "{\"target\":\"b.png\",\"parameters\":{\"processors\":[]}}");
    assert_int_equal(answer.status, 202);
}

static void bodies_that_are_no_object_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "", "{", "[]", "\"x\"", "{\"a\":1,}", "1", "{\"target\":\"a\",\"target\":\"b\"}"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        expect(f, bad[i], 400, "invalid_request", NULL);
}

static void other_content_types_are_415(void **state)
{
    struct fixture *f = *state;
    static const char *const types[] = {"", "Content-Type: text/plain\r\n",
                                        "Content-Type: application/jsonx\r\n",
                                        "Content-Type: application/x-www-form-urlencoded\r\n",
                                        JSON_TYPE "Content-Encoding: gzip\r\n"};
    for (size_t i = 0; i < FUS_COUNT(types); i++) {
        struct answer AUTO_ANSWER answer = ask(f, "POST", "/api/v1/jobs", types[i], "{}");
        assert_problem(&answer, 415, "unsupported_media");
    }
}

#define PART(name, extra, text) \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"" extra "\r\n\r\n" text "\r\n"
#define FILE_PART(name, file, text) PART(name, "; filename=\"" file "\"", text)

static void files_come_as_parts(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER answer =
        ask(f, "POST", "/api/v1/jobs", FORM_TYPE,
            FILE_PART("source_images", "me.jpg", "donor") FILE_PART("target_image", "b.png", "pic")
                PART("output_format", "", "png") PART("priority", "", "2") "--b--\r\n");
    assert_int_equal(answer.status, 202);
    assert_int_equal(json_integer_value(json_object_get(answer.json, "priority")), 2);
    const char *id = text_of(answer.json, "job_id");
    json_t *request = kept_request(f, id);
    const json_t *source = json_array_get(json_object_get(request, "sources"), 0);
    assert_string_equal(text_of(source, "kind"), "upload");
    assert_string_equal(text_of(source, "file"), "part_0");
    assert_string_equal(text_of(source, "name"), "me.jpg");
    assert_string_equal(text_of(json_object_get(request, "target"), "file"), "part_1");
    assert_string_equal(text_of(request, "output_format"), "png");
    json_decref(request);
    char path[256];
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    snprintf(path, sizeof(path), "%s/temp/%s/part_1", f->dir, id);
    assert_int_equal(fus_fs_read(path, 100, &bytes, &size, NULL), 0);
    assert_string_equal(bytes, "pic");
    assert_int_equal(folder_size(f, "temp"), 1);
}

static void parts_are_referred_to_by_name(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER answer = ask(
        f, "POST", "/api/v1/process/swap", FORM_TYPE,
        PART("request", "", "{\"source_images\":[\"part:donor\",\"a.jpg\"],\"target\":\"part:x\"}")
            FILE_PART("x", "x.png", "pic") FILE_PART("donor", "d.png", "donor") "--b--\r\n");
    assert_int_equal(answer.status, 202);
    json_t *request = kept_request(f, text_of(answer.json, "job_id"));
    const json_t *sources = json_object_get(request, "sources");
    assert_string_equal(text_of(json_array_get(sources, 0), "file"), "part_2");
    assert_string_equal(text_of(json_array_get(sources, 1), "value"), "a.jpg");
    json_decref(request);
}

static void bad_forms_are_refused_and_leave_no_file(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *body;
        int status;
    } bad[] = {
        {FORM_TYPE, "", 400},
        {FORM_TYPE, "nonsense", 400},
        {FORM_TYPE,
         "--b\r\nContent-Disposition: form-data; name=\"target\"; filename=\"a\"\r\n\r\nabc", 400},
        {"Content-Type: multipart/form-data\r\n", "--b--", 400},
        {FORM_TYPE, FILE_PART("whatever", "a", "abc") "--b--", 422},
        {FORM_TYPE, PART("request", "", "[]") "--b--", 400},
        {FORM_TYPE, PART("request", "", "{") FILE_PART("target", "a", "abc") "--b--", 400},
        {FORM_TYPE, PART("request", "", "{}") PART("request", "", "{}") "--b--", 400},
        {FORM_TYPE, FILE_PART("target", "a", "") FILE_PART("source", "a", "x") "--b--", 415},
        {FORM_TYPE, FILE_PART("target", "a", "x") FILE_PART("target", "a", "x") "--b--", 422},
    };
    for (size_t i = 0; i < FUS_COUNT(bad); i++) {
        struct answer AUTO_ANSWER answer = ask(f, "POST", "/api/v1/jobs", bad[i].type, bad[i].body);
        if (answer.status != bad[i].status)
            fail_msg("%zu: %s", i, answer.text);
    }
    fus_clock_sleep_ms(50); /* the folder goes when the connection is done with */
    assert_int_equal(folder_size(f, "temp"), 0);
}

static void a_file_that_is_too_large_is_413(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 5 << 20 };
    char *body = malloc(SIZE + 1000);
    assert_non_null(body);
    int length = snprintf(body, 1000,
                          "--b\r\nContent-Disposition: form-data; name=\"target\"; "
                          "filename=\"a\"\r\n\r\n");
    memset(body + length, 'x', SIZE);
    snprintf(body + length + SIZE, 500, "\r\n--b--");
    struct answer AUTO_ANSWER answer = ask(f, "POST", "/api/v1/jobs", FORM_TYPE, body);
    free(body);
    assert_problem(&answer, 413, "media_too_large");
    fus_clock_sleep_ms(50);
    assert_int_equal(folder_size(f, "temp"), 0);
}

static void the_short_cuts_choose_the_processor(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER swap = post(f, "/api/v1/process/swap", SIMPLE_JOB);
    assert_int_equal(swap.status, 202);
    struct answer AUTO_ANSWER enhance =
        post(f, "/api/v1/process/enhance", "{\"target_image\":\"b.png\"}");
    assert_problem(&enhance, 422, "model_not_found");
    struct answer AUTO_ANSWER both = post(f, "/api/v1/process/swap",
                                          "{\"source_images\":[\"a.jpg\"],\"target\":\"b.png\","
                                          "\"parameters\":{\"processors\":[\"face_enhancer\"]}}");
    assert_problem(&both, 422, "invalid_parameter");
}

static void a_full_queue_is_503(void **state)
{
    struct fixture *f = *state;
    char out[512], id[64];
    f->config.queue_capacity = 1;
    submit(f, id);
    struct answer AUTO_ANSWER answer = post(f, "/api/v1/jobs", SIMPLE_JOB);
    assert_problem(&answer, 503, "queue_full");
    assert_string_not_equal(header(&answer, "Retry-After", out), "");
}

static void a_full_disk_is_503_before_anything_is_read(void **state)
{
    struct fixture *f = *state;
    fus_api_stop(FUS_TAKE(f->api));
    fus_storage_free(FUS_TAKE(f->storage));
    f->config.min_free_bytes = UINT64_MAX;
    assert_int_equal(fus_storage_open(&f->config, &f->storage, NULL), 0);
    fixture_restart(f);
    struct answer AUTO_ANSWER answer = post(f, "/api/v1/jobs", SIMPLE_JOB);
    assert_problem(&answer, 503, "storage_unavailable");
}

static void the_list_comes_in_pages_newest_first(void **state)
{
    struct fixture *f = *state;
    char ids[3][64], out[512], next[512];
    for (int i = 0; i < 3; i++)
        submit(f, ids[i]);
    struct answer AUTO_ANSWER first = get(f, "/api/v1/jobs?limit=2&status=queued");
    const json_t *jobs = json_object_get(first.json, "jobs");
    assert_int_equal(json_array_size(jobs), 2);
    assert_string_equal(text_of(json_array_get(jobs, 0), "job_id"), ids[2]);
    assert_string_equal(text_of(json_array_get(jobs, 1), "job_id"), ids[1]);
    header(&first, "Link", out);
    assert_non_null(strstr(out, ">; rel=\"next\""));
    assert_int_equal(sscanf(out, "<%511[^>]>", next), 1);
    struct answer AUTO_ANSWER second = get(f, next);
    jobs = json_object_get(second.json, "jobs");
    assert_int_equal(json_array_size(jobs), 1);
    assert_string_equal(text_of(json_array_get(jobs, 0), "job_id"), ids[0]);
    assert_string_equal(header(&second, "Link", out), "");
}

static void the_list_is_filtered_and_its_query_checked(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    struct answer AUTO_ANSWER none = get(f, "/api/v1/jobs?status=completed");
    assert_int_equal(json_array_size(json_object_get(none.json, "jobs")), 0);
    struct answer AUTO_ANSWER later = get(f, "/api/v1/jobs?created_after=2099-01-01T00:00:00Z");
    assert_int_equal(json_array_size(json_object_get(later.json, "jobs")), 0);
    struct answer AUTO_ANSWER since =
        get(f, "/api/v1/jobs?created_after=2020-01-01T00:00:00%2B01:00");
    assert_int_equal(json_array_size(json_object_get(since.json, "jobs")), 1);
    static const char *const bad[] = {"status=done",       "limit=0",  "limit=201",
                                      "created_after=now", "cursor=x", "stauts=queued",
                                      "cursor=1.job_%27"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++) {
        char target[128];
        snprintf(target, sizeof(target), "/api/v1/jobs?%s", bad[i]);
        struct answer AUTO_ANSWER answer = get(f, target);
        assert_problem(&answer, 422, "invalid_parameter");
    }
}

static void *complete_soon(void *user)
{
    struct fixture *f = user;
    for (int i = 0; i < 100; i++) {
        int64_t counts[FUS_JOB_STATES];
        if (fus_store_counts(f->store, counts, NULL) == 0 && counts[FUS_JOB_QUEUED] == 1)
            break;
        fus_clock_sleep_ms(20);
    }
    struct fus_job_filter filter = {.state = -1, .limit = 1};
    struct fus_job *jobs = NULL;
    size_t count = 0;
    if (fus_store_list(f->store, &filter, &jobs, &count, NULL) == 0 && count == 1) {
        complete(f, jobs[0].id, "picture");
        fus_job_done(&jobs[0]);
    }
    fus_free(jobs);
    return NULL;
}

static void prefer_wait_holds_until_the_job_is_done(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    char out[512];
    assert_int_equal(pthread_create(&thread, NULL, complete_soon, f), 0);
    struct answer AUTO_ANSWER answer =
        ask(f, "POST", "/api/v1/jobs", JSON_TYPE "Prefer: wait=15\r\n", SIMPLE_JOB);
    pthread_join(thread, NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(text_of(answer.json, "status"), "completed");
    assert_string_equal(header(&answer, "Preference-Applied", out), "wait");
    struct answer AUTO_ANSWER in_vain =
        ask(f, "POST", "/api/v1/jobs", JSON_TYPE "Prefer: wait=1\r\n", SIMPLE_JOB);
    assert_int_equal(in_vain.status, 202);
}

static void a_key_makes_one_job(void **state)
{
    struct fixture *f = *state;
    char out[512];
    static const char keyed[] = JSON_TYPE "Idempotency-Key: abc-1\r\n";
    struct answer AUTO_ANSWER first = ask(f, "POST", "/api/v1/jobs", keyed, SIMPLE_JOB);
    assert_int_equal(first.status, 202);
    assert_string_equal(header(&first, "Idempotency-Replayed", out), "");
    struct answer AUTO_ANSWER again =
        ask(f, "POST", "/api/v1/jobs", keyed,
            "{ \"target\": \"b.png\", \"source_images\": [\"a.jpg\"] }");
    assert_int_equal(again.status, 202);
    assert_string_equal(header(&again, "Idempotency-Replayed", out), "true");
    assert_string_equal(text_of(again.json, "job_id"), text_of(first.json, "job_id"));
    struct answer AUTO_ANSWER other = ask(f, "POST", "/api/v1/jobs", keyed,
                                          "{\"target\":\"a.jpg\",\"source_images\":[\"a.jpg\"]}");
    assert_problem(&other, 422, "idempotency_conflict");
    struct answer AUTO_ANSWER elsewhere = ask(f, "POST", "/api/v1/process/swap", keyed, SIMPLE_JOB);
    assert_problem(&elsewhere, 422, "idempotency_conflict");
    struct answer AUTO_ANSWER next =
        ask(f, "POST", "/api/v1/jobs", JSON_TYPE "Idempotency-Key: abc-2\r\n", SIMPLE_JOB);
    assert_string_not_equal(text_of(next.json, "job_id"), text_of(first.json, "job_id"));
    struct answer AUTO_ANSWER bad =
        ask(f, "POST", "/api/v1/jobs", JSON_TYPE "Idempotency-Key: a b\r\n", SIMPLE_JOB);
    assert_problem(&bad, 400, "invalid_request");
}

static void a_key_covers_uploaded_files(void **state)
{
    struct fixture *f = *state;
    char out[512];
    static const char keyed[] = FORM_TYPE "Idempotency-Key: abc\r\n";
#define FORM(text) FILE_PART("source", "a", "donor") FILE_PART("target", "b", text) "--b--"
    struct answer AUTO_ANSWER first = ask(f, "POST", "/api/v1/jobs", keyed, FORM("one"));
    assert_int_equal(first.status, 202);
    struct answer AUTO_ANSWER again = ask(f, "POST", "/api/v1/jobs", keyed, FORM("one"));
    assert_string_equal(header(&again, "Idempotency-Replayed", out), "true");
    struct answer AUTO_ANSWER other = ask(f, "POST", "/api/v1/jobs", keyed, FORM("two"));
    assert_problem(&other, 422, "idempotency_conflict");
    fus_clock_sleep_ms(50);
    assert_int_equal(folder_size(f, "temp"), 1);
    char path[256];
    snprintf(path, sizeof(path), "%s/temp/%s/part_1", f->dir, text_of(first.json, "job_id"));
    assert_int_equal(fus_fs_size(path), 3);
}

static void the_same_key_is_409_while_the_first_request_runs(void **state)
{
    struct fixture *f = *state;
    int fd = client_connect(fus_api_port(f->api));
    static const char head[] =
        "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" JSON_TYPE
        "Idempotency-Key: abc\r\nContent-Length: 44\r\n\r\n";
    client_send(fd, head, sizeof(head) - 1);
    fus_clock_sleep_ms(200);
    struct answer AUTO_ANSWER second =
        ask(f, "POST", "/api/v1/jobs", JSON_TYPE "Idempotency-Key: abc\r\n", SIMPLE_JOB);
    assert_problem(&second, 409, "conflict");
    assert_int_equal(strlen(SIMPLE_JOB), 44);
    client_send(fd, SIMPLE_JOB, 44);
    struct answer AUTO_ANSWER first = client_read(fd);
    assert_int_equal(first.status, 202);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_job_is_accepted_and_durable),
        FIXTURE_TEST(the_products_own_body_is_accepted),
        FIXTURE_TEST(all_faults_are_told_at_once),
        FIXTURE_TEST(inputs_are_looked_at_when_a_job_comes),
        FIXTURE_TEST(without_a_swapper_no_source_is_needed),
        FIXTURE_TEST(bodies_that_are_no_object_are_refused),
        FIXTURE_TEST(other_content_types_are_415),
        FIXTURE_TEST(files_come_as_parts),
        FIXTURE_TEST(parts_are_referred_to_by_name),
        FIXTURE_TEST(bad_forms_are_refused_and_leave_no_file),
        FIXTURE_TEST(a_file_that_is_too_large_is_413),
        FIXTURE_TEST(the_short_cuts_choose_the_processor),
        FIXTURE_TEST(a_full_queue_is_503),
        FIXTURE_TEST(a_full_disk_is_503_before_anything_is_read),
        FIXTURE_TEST(the_list_comes_in_pages_newest_first),
        FIXTURE_TEST(the_list_is_filtered_and_its_query_checked),
        FIXTURE_TEST(a_key_makes_one_job),
        FIXTURE_TEST(a_key_covers_uploaded_files),
        FIXTURE_TEST(the_same_key_is_409_while_the_first_request_runs),
        FIXTURE_TEST(prefer_wait_holds_until_the_job_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
