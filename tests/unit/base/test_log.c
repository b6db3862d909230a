#include "../cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* What was logged through a pipe by `write_to`. */
static void capture(void (*write_to)(struct fus_log *log), enum fus_log_level level, char *out,
                    size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    FUS_CLEANUP(fus_log_free) struct fus_log *log = fus_log_new(ends[1], level, "test");
    write_to(log);
    close(ends[1]);
    ssize_t got = read(ends[0], out, size - 1);
    close(ends[0]);
    out[got > 0 ? got : 0] = '\0';
}

static void say(struct fus_log *log)
{
    fus_log(log, FUS_LOG_INFO, "job \"done\"", FUS_F("job_id", "job_1"), FUS_F_INT("frames", 12),
            FUS_F_REAL("fps", 23.5), FUS_F_BOOL("cached", false), FUS_F("note", NULL));
    fus_log(log, FUS_LOG_DEBUG, "not shown");
}

static void a_line_is_one_json_object(void **state)
{
    char text[2048];
    capture(say, FUS_LOG_INFO, text, sizeof(text));
    assert_memory_equal(text, "{\"time\":\"20", 11);
    assert_non_null(strstr(text, "\"level\":\"info\",\"msg\":\"job \\\"done\\\"\",\"pid\":"));
    assert_non_null(strstr(text, ",\"component\":\"test\",\"job_id\":\"job_1\",\"frames\":12,"
                                 "\"fps\":23.5,\"cached\":false,\"note\":null}\n"));
    assert_null(strstr(text, "not shown"));
}

static void complain(struct fus_log *log)
{
    struct fus_error err = {0};
    fus_error_set(&err, FUS_E_WORKER_CRASHED, "signal 9");
    fus_log_error(log, "attempt failed", &err);
    fus_error_set(&err, FUS_E_NOT_FOUND, "hidden at this level");
    fus_log_error(log, "request failed", &err);
}

static void errors_are_logged_at_their_table_level(void **state)
{
    char text[2048];
    capture(complain, FUS_LOG_ERROR, text, sizeof(text));
    assert_non_null(strstr(text, "\"code\":\"worker_crashed\",\"detail\":\"signal 9\""));
    assert_null(strstr(text, "hidden"));
}

static void shout(struct fus_log *log)
{
    char *big = malloc(40000);
    memset(big, 'x', 39999);
    big[39999] = '\0';
    fus_log(log, FUS_LOG_INFO, "big", FUS_F("a", "kept"), FUS_F("big", big));
    free(big);
}

static void a_line_too_long_stays_an_object(void **state)
{
    char text[2048];
    capture(shout, FUS_LOG_INFO, text, sizeof(text));
    assert_non_null(strstr(text, "\"a\":\"kept\"}\n"));
}

static void a_null_log_drops_everything(void **state)
{
    fus_log(NULL, FUS_LOG_ERROR, "nothing");
    assert_false(fus_log_enabled(NULL, FUS_LOG_ERROR));
    enum fus_log_level level;
    assert_true(fus_log_level_parse("warn", &level));
    assert_int_equal(level, FUS_LOG_WARN);
    assert_false(fus_log_level_parse("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_json_object),
        cmocka_unit_test(errors_are_logged_at_their_table_level),
        cmocka_unit_test(a_line_too_long_stays_an_object),
        cmocka_unit_test(a_null_log_drops_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
