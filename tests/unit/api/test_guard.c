#include "cm.h"

#include "api/guard.h"

struct field {
    const char *name, *value;
};

static int check(const char *version, const struct field *fields, struct fus_http_framing *framing)
{
    struct fus_http_head head = {.version = version};
    struct fus_http_framing ignored;
    for (; fields->name != NULL; fields++)
        fus_http_head_count(&head, fields->name, strlen(fields->name), fields->value,
                            strlen(fields->value));
    return fus_http_head_check(&head, framing != NULL ? framing : &ignored, NULL);
}

#define FIELDS(...) ((const struct field[]){__VA_ARGS__, {NULL, NULL}})

static void plain_requests_pass(void **state)
{
    struct fus_http_framing framing;
    assert_int_equal(check("HTTP/1.1", FIELDS({"Host", "a:80"}), &framing), 0);
    assert_false(framing.has_body);
    assert_int_equal(
        check("HTTP/1.1", FIELDS({"host", "[::1]:80"}, {"content-length", "5"}), &framing), 0);
    assert_true(framing.has_body);
    assert_int_equal(framing.length, 5);
    assert_int_equal(
        check("HTTP/1.1", FIELDS({"Host", "a"}, {"Transfer-Encoding", "chunked"}), &framing), 0);
    assert_true(framing.chunked);
    assert_int_equal(check("HTTP/1.0", FIELDS({"User-Agent", "x"}), NULL), 0);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    const struct field *const bad[] = {
        FIELDS({"Accept", "*/*"}),
        FIELDS({"Host", "a"}, {"Host", "a"}),
        FIELDS({"Host", "a b"}),
        FIELDS({"Host", "a@b"}),
        FIELDS({"Host", ""}),
        FIELDS({"Host", "a"}, {"Content-Length", "5"}, {"Content-Length", "5"}),
        FIELDS({"Host", "a"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}),
        FIELDS({"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}),
        FIELDS({"Host", "a"}, {"Transfer-Encoding", "gzip, chunked"}),
        FIELDS({"Host", "a"}, {"Transfer-Encoding", "identity"}),
        FIELDS({"Host", "a"}, {"Content-Length", "+5"}),
        FIELDS({"Host", "a"}, {"Content-Length", "-5"}),
        FIELDS({"Host", "a"}, {"Content-Length", "5, 5"}),
        FIELDS({"Host", "a"}, {"Content-Length", "0x5"}),
        FIELDS({"Host", "a"}, {"Content-Length", ""}),
        FIELDS({"Host", "a"}, {"Content-Length", "99999999999999999999"}),
        FIELDS({"Host", "a"}, {"X", "a\x01"}),
        FIELDS({"Host", "a"}, {"X ", "a"}),
        FIELDS({"Host", "a"}, {"", "a"}),
    };
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        if (check("HTTP/1.1", bad[i], NULL) != FUS_E_INVALID_REQUEST)
            fail_msg("taken: number %zu", i);
    assert_int_equal(
        check("HTTP/1.0", FIELDS({"Host", "a"}, {"Transfer-Encoding", "chunked"}), NULL),
        FUS_E_INVALID_REQUEST);
    assert_int_equal(check("HTTP/2.0", FIELDS({"Host", "a"}), NULL), FUS_E_INVALID_REQUEST);
}

static void a_nul_in_a_value_is_seen(void **state)
{
    struct fus_http_head head = {.version = "HTTP/1.1"};
    struct fus_http_framing framing;
    fus_http_head_count(&head, "Host", 4, "a", 1);
    fus_http_head_count(&head, "X", 1, "a\0b", 3);
    assert_int_equal(fus_http_head_check(&head, &framing, NULL), FUS_E_INVALID_REQUEST);
}

static void loopback_hosts_are_known(void **state)
{
    assert_true(fus_http_host_is_loopback("localhost:8000"));
    assert_true(fus_http_host_is_loopback("127.0.0.1"));
    assert_true(fus_http_host_is_loopback("127.9.9.9:80"));
    assert_true(fus_http_host_is_loopback("[::1]:80"));
    assert_false(fus_http_host_is_loopback("example.org"));
    assert_false(fus_http_host_is_loopback("localhost.example.org"));
    assert_false(fus_http_host_is_loopback("127.0.0.1.example.org"));
    assert_false(fus_http_host_is_loopback("10.0.0.1"));
    assert_false(fus_http_host_is_loopback(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_requests_pass),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_nul_in_a_value_is_seen),
        cmocka_unit_test(loopback_hosts_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
