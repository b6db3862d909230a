#include "fixture.h"

static void make_link(struct fixture *f, char link[512])
{
    char id[64], target[128];
    submit(f, id);
    complete(f, id, "0123456789");
    snprintf(target, sizeof(target), "/api/v1/jobs/%s", id);
    struct answer AUTO_ANSWER job = get(f, target);
    snprintf(link, 512, "%s", strstr(text_of(job.json, "result_url"), "/files/"));
}

static void a_file_comes_with_all_that_describes_it(void **state)
{
    struct fixture *f = *state;
    char link[512], out[512];
    make_link(f, link);
    struct answer AUTO_ANSWER file = get(f, link);
    assert_int_equal(file.status, 200);
    assert_string_equal(header(&file, "Content-Type", out), "image/png");
    assert_string_equal(header(&file, "X-Content-Type-Options", out), "nosniff");
    assert_string_equal(header(&file, "Accept-Ranges", out), "bytes");
    assert_string_equal(header(&file, "Content-Length", out), "10");
    assert_non_null(
        strstr(header(&file, "Content-Disposition", out), "attachment; filename=\"job_"));
    /* printf 0123456789 | openssl dgst -sha256 -binary | base64 */
    assert_string_equal(header(&file, "Content-Digest", out),
                        "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:");
}

static void ranges_are_served(void **state)
{
    struct fixture *f = *state;
    char link[512], out[512], etag[512], headers[700];
    make_link(f, link);
    struct answer AUTO_ANSWER whole = get(f, link);
    header(&whole, "ETag", etag);
    struct answer AUTO_ANSWER part = ask(f, "GET", link, "Range: bytes=-3\r\n", "");
    assert_int_equal(part.status, 206);
    assert_int_equal(part.body_size, 3);
    assert_memory_equal(part.body, "789", 3);
    assert_string_equal(header(&part, "Content-Range", out), "bytes 7-9/10");
    assert_string_equal(header(&part, "Content-Digest", out), "");
    struct answer AUTO_ANSWER beyond = ask(f, "GET", link, "Range: bytes=10-\r\n", "");
    assert_int_equal(beyond.status, 416);
    assert_string_equal(header(&beyond, "Content-Range", out), "bytes */10");
    snprintf(headers, sizeof(headers), "Range: bytes=0-0\r\nIf-Range: %s\r\n", etag);
    struct answer AUTO_ANSWER same = ask(f, "GET", link, headers, "");
    assert_int_equal(same.status, 206);
    struct answer AUTO_ANSWER other =
        ask(f, "GET", link, "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n", "");
    assert_int_equal(other.status, 200);
    assert_int_equal(other.body_size, 10);
    snprintf(headers, sizeof(headers), "If-None-Match: %s\r\n", etag);
    struct answer AUTO_ANSWER unchanged = ask(f, "GET", link, headers, "");
    assert_int_equal(unchanged.status, 304);
}

static void head_sends_the_head_alone(void **state)
{
    struct fixture *f = *state;
    char link[512], out[512];
    make_link(f, link);
    struct answer AUTO_ANSWER head = ask(f, "HEAD", link, "", "");
    assert_int_equal(head.status, 200);
    assert_string_equal(header(&head, "Content-Length", out), "10");
    assert_int_equal(head.body_size, 0);
}

static void a_changed_link_opens_nothing(void **state)
{
    struct fixture *f = *state;
    char link[512], bad[512];
    make_link(f, link);
    size_t length = strlen(link);
    snprintf(bad, sizeof(bad), "%s", link);
    bad[length - 3] = bad[length - 3] == 'A' ? 'B' : 'A';
    struct answer AUTO_ANSWER changed = get(f, bad);
    assert_problem(&changed, 403, "forbidden");
    snprintf(bad, sizeof(bad), "%.*s", (int)strcspn(link, "?"), link);
    struct answer AUTO_ANSWER unsigned_link = get(f, bad);
    assert_problem(&unsigned_link, 403, "forbidden");
    static const char *const targets[] = {"/files/..%2Fstore.db?expires=1&key=a&signature=b",
                                          "/files/store.db?expires=9999999999&key=a&signature=b"};
    for (size_t i = 0; i < FUS_COUNT(targets); i++) {
        struct answer AUTO_ANSWER answer = get(f, targets[i]);
        assert_problem(&answer, 403, "forbidden");
    }
    struct answer AUTO_ANSWER dots = get(f, "/files/../store.db?expires=1&key=a&signature=b");
    assert_problem(&dots, 400, "invalid_request");
}

static void a_signed_link_needs_no_key(void **state)
{
    struct fixture *f = *state;
    char link[512];
    static char key[] = "fus_secret";
    make_link(f, link);
    f->config.api_key = key;
    fixture_restart(f);
    struct answer AUTO_ANSWER file = get(f, link);
    assert_int_equal(file.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_file_comes_with_all_that_describes_it),
        FIXTURE_TEST(ranges_are_served),
        FIXTURE_TEST(head_sends_the_head_alone),
        FIXTURE_TEST(a_changed_link_opens_nothing),
        FIXTURE_TEST(a_signed_link_needs_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
