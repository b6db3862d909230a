#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config.h"

/* Each test has its own folder, which is HOME, and an environment without settings. */
struct sandbox {
    char folder[64];
    struct fus_config_builder *builder;
    struct fus_config *config;
    struct fus_error err;
};

static int setup(void **state)
{
    struct sandbox *box = calloc(1, sizeof(*box));
    if (box == NULL)
        return -1;
    (void)fus_strlcpy(box->folder, "/tmp/fusiond-config-XXXXXX", sizeof(box->folder));
    if (mkdtemp(box->folder) == NULL)
        return -1;
    static const char *const names[] = {"FUSIOND_SERVER_LISTEN", "FUSIOND_AUTH_API_KEY",
                                        "FUSIOND_SERVER_LSTEN",  "FUSIOND_STORAGE_DATA_DIR",
                                        "FUSIOND_SOMETHING",     "XDG_CONFIG_HOME",
                                        "XDG_DATA_HOME"};
    for (size_t i = 0; i < FUS_COUNT(names); i++)
        unsetenv(names[i]);
    setenv("HOME", box->folder, 1);
    box->builder = fus_config_builder_new();
    *state = box;
    return box->builder != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct sandbox *box = *state;
    fus_mem_fail_off();
    fus_config_builder_free(box->builder);
    fus_config_free(box->config);
    (void)fus_fs_remove_tree(box->folder, NULL);
    free(box);
    return 0;
}

static void write_file(struct sandbox *box, const char *name, const char *text, char path[160])
{
    (void)snprintf(path, 160, "%s/%s", box->folder, name);
    assert_int_equal(fus_fs_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static void load(struct sandbox *box, const char *file)
{
    assert_int_equal(fus_config_builder_load(box->builder, file, &box->err), 0);
}

static void finish(struct sandbox *box)
{
    assert_int_equal(fus_config_builder_finish(box->builder, &box->config, &box->err), 0);
}

static struct fus_config_entry entry(struct sandbox *box, const char *section, const char *key)
{
    struct fus_config_entry found = {0};
    for (size_t i = 0; fus_config_builder_entry(box->builder, i, &found); i++) {
        if (strcmp(found.section, section) == 0 && strcmp(found.key, key) == 0)
            return found;
    }
    fail_msg("no entry %s.%s", section, key);
    return found;
}

static void defaults_fill_every_member(void **state)
{
    struct sandbox *box = *state;
    load(box, NULL);
    setenv("XDG_DATA_HOME", "/tmp/x", 1);
    finish(box);
    assert_string_equal(box->config->listen, "127.0.0.1:8000");
    assert_string_equal(box->config->metrics_listen, "127.0.0.1:8001");
    assert_string_equal(box->config->api_key, "");
    assert_int_equal(box->config->max_body_bytes, INT64_C(2) << 30);
    assert_int_equal(box->config->result_seconds, 86400);
    assert_int_equal(box->config->row_seconds, 30 * 86400);
    assert_int_equal(box->config->max_pixels, 64 << 20);
    assert_int_equal(box->config->timeout_seconds, 6 * 3600);
    assert_int_equal(box->config->cancel_grace_ms, 1000);
    assert_string_equal(box->config->runtime_library, "");
    assert_string_equal(entry(box, "server", "listen").origin, "default");
}

static void flags_win_over_environment_over_files(void **state)
{
    struct sandbox *box = *state;
    char path[160];
    write_file(box, "a.ini", "[server]\nlisten = 127.0.0.1:1\nhttp_threads=7\n[log]\nlevel: warn\n",
               path);
    setenv("FUSIOND_SERVER_LISTEN", "127.0.0.1:2", 1);
    /* A flag set before the rest is loaded still wins. */
    assert_int_equal(fus_config_builder_set(box->builder, "server.listen", "127.0.0.1:3",
                                            "flag --listen", &box->err),
                     0);
    load(box, path);
    finish(box);
    assert_string_equal(box->config->listen, "127.0.0.1:3");
    assert_int_equal(box->config->http_threads, 7);
    assert_string_equal(box->config->log_level, "warn");
    assert_string_equal(entry(box, "server", "listen").origin, "flag --listen");
    char origin[200];
    (void)snprintf(origin, sizeof(origin), "%s:3", path);
    assert_string_equal(entry(box, "server", "http_threads").origin, origin);
}

static void the_environment_wins_over_files_and_is_named(void **state)
{
    struct sandbox *box = *state;
    char path[160];
    write_file(box, "a.ini", "[server]\nlisten = 127.0.0.1:1\n", path);
    setenv("FUSIOND_SERVER_LISTEN", "127.0.0.1:2", 1);
    load(box, path);
    finish(box);
    assert_string_equal(box->config->listen, "127.0.0.1:2");
    assert_string_equal(entry(box, "server", "listen").origin, "environment FUSIOND_SERVER_LISTEN");
}

static void the_users_own_file_is_read_below_the_named_one(void **state)
{
    struct sandbox *box = *state;
    char path[160], folder[160];
    (void)snprintf(folder, sizeof(folder), "%s/.config/fusiond", box->folder);
    assert_int_equal(fus_fs_mkdirs(folder, 0700, NULL), 0);
    write_file(box, ".config/fusiond/fusiond.ini", "[worker]\nworkers = 3\nthreads = 2\n", path);
    write_file(box, "b.ini", "[worker]\nworkers = 4\n", path);
    load(box, path);
    finish(box);
    assert_int_equal(box->config->workers, 4);
    assert_int_equal(box->config->threads, 2);
}

static void secrets_are_not_shown(void **state)
{
    struct sandbox *box = *state;
    setenv("FUSIOND_AUTH_API_KEY", "fus_secret", 1);
    load(box, NULL);
    finish(box);
    assert_string_equal(box->config->api_key, "fus_secret");
    assert_string_equal(entry(box, "auth", "api_key").value, "(set)");
    char bad[] = "\xff secret";
    assert_int_equal(fus_config_builder_set(box->builder, "auth.api_key", bad, "flag", &box->err),
                     FUS_E_INVALID_PARAMETER);
    assert_null(strstr(box->err.detail, "secret"));
}

static void expect_file_error(struct sandbox *box, const char *text, const char *detail)
{
    char path[160], expected[400];
    write_file(box, "bad.ini", text, path);
    assert_int_equal(fus_config_builder_load(box->builder, path, &box->err),
                     FUS_E_INVALID_PARAMETER);
    (void)snprintf(expected, sizeof(expected), "%s%s", path, detail);
    assert_string_equal(box->err.detail, expected);
}

static void unknown_keys_name_the_nearest(void **state)
{
    expect_file_error(*state, "; hello\n[server]\nlsten = 127.0.0.1:1\n",
                      ":3: there is no setting \"server.lsten\"; did you mean server.listen?");
    expect_file_error(*state, "[srver]\nlisten = 127.0.0.1:1\n",
                      ":2: there is no setting \"srver.listen\"; did you mean server.listen?");
    expect_file_error(*state, "stray = 1\n",
                      ":1: there is no setting \"stray\"; `fusiond doctor` lists them all");
}

static void wrong_lines_are_named_by_number(void **state)
{
    expect_file_error(*state, "[server]\n\nlisten\n",
                      ":3: this is neither [section] nor key = value");
    expect_file_error(*state, "[server\n", ":1: this is neither [section] nor key = value");
    expect_file_error(*state, "[server]\nlisten = a:1\nlisten = a:2\n",
                      ":3: server.listen is set a second time");
    expect_file_error(*state, "[worker]\nworkers = many\n",
                      ":2: worker.workers must be a whole number from 1 to 256, not \"many\"");
}

static void a_line_too_long_for_the_parser_is_refused_not_cut(void **state)
{
    char text[600] = "[storage]\ninput_roots = /";
    memset(text + strlen(text), 'a', 400);
    expect_file_error(*state, text,
                      ":2: the line is too long; use the environment for long values");
}

static void a_named_file_that_is_missing_is_an_error(void **state)
{
    struct sandbox *box = *state;
    assert_int_equal(fus_config_builder_load(box->builder, "/nonexistent/x.ini", &box->err),
                     FUS_E_NOT_FOUND);
}

static void odd_variables_are_warned_about_only_in_known_sections(void **state)
{
    struct sandbox *box = *state;
    setenv("FUSIOND_SERVER_LSTEN", "x", 1);
    setenv("FUSIOND_SOMETHING", "x", 1);
    load(box, NULL);
    assert_string_equal(fus_config_builder_warnings(box->builder),
                        "the environment's FUSIOND_SERVER_LSTEN is not a setting\n");
}

static void wrong_variables_are_named(void **state)
{
    struct sandbox *box = *state;
    setenv("FUSIOND_SERVER_LISTEN", "nonsense", 1);
    assert_int_equal(fus_config_builder_load(box->builder, NULL, &box->err),
                     FUS_E_INVALID_PARAMETER);
    assert_true(fus_str_starts(box->err.detail, "in the environment, FUSIOND_SERVER_LISTEN: "));
}

static void folders_follow_the_data_directory(void **state)
{
    struct sandbox *box = *state;
    load(box, NULL);
    assert_int_equal(fus_config_builder_set(box->builder, "storage.data_dir", "/srv/fus/",
                                            "flag --data-dir", &box->err),
                     0);
    finish(box);
    assert_string_equal(box->config->data_dir, "/srv/fus");
    assert_string_equal(box->config->input_roots, "/srv/fus/input");
    assert_string_equal(box->config->models_dir, "/srv/fus/models");
    assert_string_equal(entry(box, "storage", "input_roots").value, "/srv/fus/input");
}

static void relative_folders_become_absolute(void **state)
{
    struct sandbox *box = *state;
    char cwd[200], expected[500];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    load(box, NULL);
    assert_int_equal(
        fus_config_builder_set(box->builder, "storage.data_dir", "d", "flag", &box->err), 0);
    assert_int_equal(
        fus_config_builder_set(box->builder, "storage.input_roots", "/a/:b::/c", "flag", &box->err),
        0);
    finish(box);
    (void)snprintf(expected, sizeof(expected), "%s/d", cwd);
    assert_string_equal(box->config->data_dir, expected);
    (void)snprintf(expected, sizeof(expected), "/a:%s/b:/c", cwd);
    assert_string_equal(box->config->input_roots, expected);
}

static void every_failing_allocation_is_survived(void **state)
{
    struct sandbox *box = *state;
    setenv("FUSIOND_AUTH_API_KEY", "k", 1);
    setenv("XDG_DATA_HOME", "/tmp/x", 1);
    bool done = false;
    for (long k = 0; !done && k < 500; k++) {
        struct fus_config *config = NULL;
        fus_mem_fail_after(k);
        struct fus_config_builder *builder = fus_config_builder_new();
        int rc = builder == NULL ? FUS_E_OUT_OF_MEMORY
                                 : fus_config_builder_load(builder, NULL, &box->err);
        if (rc == 0)
            rc = fus_config_builder_set(builder, "storage.data_dir", "d", "flag", &box->err);
        if (rc == 0)
            rc = fus_config_builder_finish(builder, &config, &box->err);
        done = !fus_mem_failed();
        fus_mem_fail_off();
        if (done)
            assert_int_equal(rc, 0);
        else
            assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
        fus_config_free(config);
        fus_config_builder_free(builder);
    }
    assert_true(done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_every_member),
        TEST(flags_win_over_environment_over_files),
        TEST(the_environment_wins_over_files_and_is_named),
        TEST(the_users_own_file_is_read_below_the_named_one),
        TEST(secrets_are_not_shown),
        TEST(unknown_keys_name_the_nearest),
        TEST(wrong_lines_are_named_by_number),
        TEST(a_line_too_long_for_the_parser_is_refused_not_cut),
        TEST(a_named_file_that_is_missing_is_an_error),
        TEST(odd_variables_are_warned_about_only_in_known_sections),
        TEST(wrong_variables_are_named),
        TEST(folders_follow_the_data_directory),
        TEST(relative_folders_become_absolute),
        TEST(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
