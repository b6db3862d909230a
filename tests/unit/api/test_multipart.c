#include "cm.h"

#include "api/multipart.h"
#include "base/str.h"

/* Events as text: "<name|filename|type>data;" for each part. */
static int begin(void *user, const struct fus_multipart_part *part, struct fus_error *err)
{
    fus_str_printf(user, "<%s|%s|%s>", part->name, part->has_filename ? part->filename : "-",
                   part->content_type);
    return 0;
}

static int data(void *user, const void *bytes, size_t size, struct fus_error *err)
{
    fus_str_append_n(user, bytes, size);
    return 0;
}

static int end(void *user, struct fus_error *err)
{
    fus_str_append(user, ";");
    return 0;
}

static int parse(const char *boundary, const char *bytes, size_t size, size_t step,
                 struct fus_str *out)
{
    const struct fus_multipart_events events = {out, begin, data, end};
    FUS_CLEANUP(fus_multipart_free)
    struct fus_multipart *m = fus_multipart_new(boundary, 3, &events);
    assert_non_null(m);
    for (size_t at = 0; at < size; at += step) {
        int rc = fus_multipart_feed(m, bytes + at, FUS_MIN(step, size - at), NULL);
        if (rc != 0)
            return rc;
    }
    return fus_multipart_finish(m, NULL);
}

static const char whole[] = "preamble\r\n--b\r\n"
                            "Content-Disposition: form-data; name=\"request\"\r\n\r\n{}\r\n"
                            "--b  \r\n"
                            "content-type: image/png\r\n"
                            "Content-Disposition: form-data; name=\"source_images\"; "
                            "filename=\"C:\\\\x\\\\a \\\"q\\\".png\"\r\n"
                            "\r\n"
                            "\r\n--a\r\n\r\n--\r--b-\r\n"
                            "\r\n--b--\r\nepilogue\r\n--b\r\nrest";
static const char events[] = "<request|-|>{};"
                             "<source_images|a \"q\".png|image/png>\r\n--a\r\n\r\n--\r--b-\r\n;";

static void a_form_is_read_however_it_is_cut(void **state)
{
    for (size_t step = 1; step <= sizeof(whole); step++) {
        FUS_AUTO_STR struct fus_str out = {0};
        assert_int_equal(parse("b", whole, sizeof(whole) - 1, step, &out), 0);
        assert_string_equal(out.text, events);
    }
}

static void the_first_delimiter_may_stand_at_the_start(void **state)
{
    static const char text[] = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--b--";
    FUS_AUTO_STR struct fus_str out = {0};
    assert_int_equal(parse("b", text, sizeof(text) - 1, 100, &out), 0);
    assert_string_equal(out.text, "<x|-|>;");
}

static void every_truncation_is_refused(void **state)
{
    size_t length = (size_t)(strstr(whole, "--b--") + 5 - whole);
    for (size_t size = 0; size < length; size++) {
        FUS_AUTO_STR struct fus_str out = {0};
        assert_int_equal(parse("b", whole, size, 1000, &out), FUS_E_INVALID_REQUEST);
    }
}

static void malformed_forms_are_refused(void **state)
{
#define D "Content-Disposition: form-data; "
    static const char *const bad[] = {
        "--b\r\n\r\nx\r\n--b--",
        "--b\r\n" D "filename=\"x\"\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"\"\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"a\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"a\x01\"\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"\xff\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"a\"\r\n" D "name=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\n" D "name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--",
        "--b\r\nno colon\r\n\r\nx\r\n--b--",
        "--bad\r\n" D "name=\"a\"\r\n\r\nx\r\n--b--",
    };
    for (size_t i = 0; i < FUS_COUNT(bad); i++) {
        FUS_AUTO_STR struct fus_str out = {0};
        if (parse("b", bad[i], strlen(bad[i]), 7, &out) != FUS_E_INVALID_REQUEST)
            fail_msg("taken: %s", bad[i]);
    }
}

static void caps_hold(void **state)
{
    FUS_AUTO_STR struct fus_str text = {0}, out = {0};
    for (int i = 0; i < 4; i++)
        fus_str_append(&text, "--b\r\n" D "name=\"a\"\r\n\r\nx\r\n");
    fus_str_append(&text, "--b--");
    assert_int_equal(parse("b", text.text, text.length, 4096, &out), FUS_E_INVALID_REQUEST);
    fus_str_clear(&text);
    fus_str_append(&text, "--b\r\nX: ");
    for (int i = 0; i < 10000; i++)
        fus_str_append(&text, "y");
    assert_int_equal(parse("b", text.text, text.length, 4096, &out), FUS_E_INVALID_REQUEST);
}

static void boundaries_are_read_from_the_content_type(void **state)
{
    char out[FUS_MULTIPART_BOUNDARY_MAX + 1];
    assert_int_equal(fus_multipart_boundary("multipart/form-data; boundary=abc", out, NULL), 0);
    assert_string_equal(out, "abc");
    assert_int_equal(
        fus_multipart_boundary("multipart/form-data;charset=x; Boundary=\"a b?\"", out, NULL), 0);
    assert_string_equal(out, "a b?");
    static const char *const bad[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\x01\"",
        "multipart/form-data; "
        "boundary=0123456789012345678901234567890123456789012345678901234567890"
        "12345678901"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        assert_int_equal(fus_multipart_boundary(bad[i], out, NULL), FUS_E_INVALID_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read_however_it_is_cut),
        cmocka_unit_test(the_first_delimiter_may_stand_at_the_start),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(malformed_forms_are_refused),
        cmocka_unit_test(caps_hold),
        cmocka_unit_test(boundaries_are_read_from_the_content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
