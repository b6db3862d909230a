#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/settings.h"

static void names_and_members_are_unique(void **state)
{
    size_t count = 0;
    const struct fus_setting *settings = fus_settings(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            bool same = strcmp(settings[i].section, settings[j].section) == 0 &&
                        strcmp(settings[i].key, settings[j].key) == 0;
            assert_false(same);
            assert_int_not_equal(settings[i].offset, settings[j].offset);
        }
    }
}

static void every_member_of_the_struct_has_a_row(void **state)
{
    size_t count = 0;
    (void)fus_settings(&count);
    /* All members are 8 bytes wide, so the rows must fill the struct. */
    assert_int_equal(count * 8, sizeof(struct fus_config));
}

static void every_default_is_a_right_value_and_has_a_sentence(void **state)
{
    size_t count = 0;
    const struct fus_setting *settings = fus_settings(&count);
    for (size_t i = 0; i < count; i++) {
        struct fus_error err = {0};
        if (settings[i].default_text != NULL)
            assert_int_equal(fus_setting_parse(&settings[i], settings[i].default_text, NULL, &err),
                             0);
        assert_true(strlen(settings[i].doc) > 0);
    }
}

static void environment_names_are_upper_case(void **state)
{
    char name[80];
    fus_setting_env_name(fus_setting_find("auth.api_key"), name, sizeof(name));
    assert_string_equal(name, "FUSIOND_AUTH_API_KEY");
    fus_setting_env_name(fus_setting_find("inference.library"), name, sizeof(name));
    assert_string_equal(name, "FUSIOND_INFERENCE_LIBRARY");
}

static void durations_take_units(void **state)
{
    int64_t ms = 0;
    const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},          {"90", 90000},       {"1500ms", 1500},
                {"30s", 30000},    {"5m", 300000},      {"5min", 300000},
                {"24h", 86400000}, {"30d", 2592000000}, {"2w", 1209600000}};
    for (size_t i = 0; i < FUS_COUNT(good); i++) {
        assert_true(fus_parse_duration_ms(good[i].text, 1000, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    assert_true(fus_parse_duration_ms("250", 1, &ms));
    assert_int_equal(ms, 250);
}

static void malformed_durations_are_refused(void **state)
{
    int64_t ms = 7;
    const char *const bad[] = {"",
                               "s",
                               "-1",
                               "1.5h",
                               "1 h",
                               "24H",
                               "1h30m",
                               "9223372036854775807",
                               "99999999999999999999",
                               "106751991168d"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        assert_false(fus_parse_duration_ms(bad[i], 1000, &ms));
    assert_int_equal(ms, 7);
}

static void addresses_are_host_and_port(void **state)
{
    char host[256];
    int port = -1;
    assert_true(fus_parse_address("127.0.0.1:0", host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 0);
    assert_true(fus_parse_address("[::1]:8000", host, &port));
    assert_string_equal(host, "::1");
    assert_true(fus_parse_address("localhost:65535", NULL, NULL));
    const char *const bad[] = {"",     "8000", ":8000",        "::1:8000",    "a:65536", "a:",
                               "a:-1", "[]:1", "[1.2.3.4]:80", "http://a:80", "a b:1",   "a:80x"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        assert_false(fus_parse_address(bad[i], NULL, NULL));
}

static void numbers_outside_their_range_are_refused(void **state)
{
    struct fus_error err = {0};
    int64_t number = 0;
    const struct fus_setting *threads = fus_setting_find("server.http_threads");
    assert_int_equal(fus_setting_parse(threads, "256", &number, &err), 0);
    assert_int_equal(number, 256);
    assert_int_equal(fus_setting_parse(threads, "0", NULL, &err), FUS_E_INVALID_PARAMETER);
    assert_string_equal(err.detail,
                        "server.http_threads must be a whole number from 1 to 256, not \"0\"");
    assert_int_equal(fus_setting_parse(threads, "4.0", NULL, &err), FUS_E_INVALID_PARAMETER);
    const struct fus_setting *link = fus_setting_find("storage.link_seconds");
    assert_int_equal(fus_setting_parse(link, "7d", &number, &err), 0);
    assert_int_equal(number, 604800);
    assert_int_equal(fus_setting_parse(link, "8d", NULL, &err), FUS_E_INVALID_PARAMETER);
    assert_int_equal(fus_setting_parse(link, "1500ms", NULL, &err), FUS_E_INVALID_PARAMETER);
    const struct fus_setting *level = fus_setting_find("log.level");
    assert_int_equal(fus_setting_parse(level, "loud", NULL, &err), FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, "error, warn, info or debug"));
}

static void near_names_are_found(void **state)
{
    char near[64];
    assert_true(fus_setting_nearest("server.lsten", near, sizeof(near)));
    assert_string_equal(near, "server.listen");
    assert_true(fus_setting_nearest("server.api_key", near, sizeof(near)));
    assert_string_equal(near, "auth.api_key");
    assert_true(fus_setting_nearest("data_dir", near, sizeof(near)));
    assert_string_equal(near, "storage.data_dir");
    assert_false(fus_setting_nearest("completely.different", near, sizeof(near)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_members_are_unique),
        cmocka_unit_test(every_member_of_the_struct_has_a_row),
        cmocka_unit_test(every_default_is_a_right_value_and_has_a_sentence),
        cmocka_unit_test(environment_names_are_upper_case),
        cmocka_unit_test(durations_take_units),
        cmocka_unit_test(malformed_durations_are_refused),
        cmocka_unit_test(addresses_are_host_and_port),
        cmocka_unit_test(numbers_outside_their_range_are_refused),
        cmocka_unit_test(near_names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
