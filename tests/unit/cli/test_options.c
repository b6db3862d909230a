#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/options.h"

static const struct fus_option rows[] = {
    {"target-path", 't', FUS_OPTION_VALUE, "FILE", "d"},
    {"source-paths", 's', FUS_OPTION_WORDS, "FILE", "d"},
    {"json", 'j', FUS_OPTION_FLAG, NULL, "d"},
    {"halt", 0, FUS_OPTION_MAYBE, "yes|no", "d"},
    {"target-path-again", 0, FUS_OPTION_VALUE, "FILE", "d"},
};
static const struct fus_usage usage = {"p", "", "", rows, FUS_COUNT(rows)};

/* Everything that was handed over, as "name=value;", positional words with an empty name. */
static int record(void *user, const struct fus_option *option, const char *value,
                  struct fus_error *err)
{
    struct fus_str *out = user;
    fus_str_printf(out, "%s=%s;", option != NULL ? option->name : "",
                   value != NULL ? value : "(none)");
    return value != NULL && strcmp(value, "refuse") == 0
               ? fus_error_set(err, FUS_E_CONFLICT, "refused")
               : 0;
}

static int parse(const char *const *words, struct fus_str *out, struct fus_error *err)
{
    char *argv[16] = {0};
    char text[16][64];
    int argc = 0;
    (void)fus_strlcpy(text[0], "p", sizeof(text[0]));
    argv[argc++] = text[0];
    for (size_t i = 0; words[i] != NULL; i++, argc++) {
        (void)fus_strlcpy(text[argc], words[i], sizeof(text[argc]));
        argv[argc] = text[argc];
    }
    return fus_options_parse(&usage, argc, argv, record, out, err);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect(const char *const *words, const char *handed_over)
{
    struct fus_error err = {0};
    FUS_AUTO_STR struct fus_str out = {0};
    int rc = parse(words, &out, &err);
    assert_string_equal(err.detail, "");
    assert_int_equal(rc, 0);
    assert_string_equal(out.text != NULL ? out.text : "", handed_over);
}

static void expect_error(const char *const *words, const char *detail)
{
    struct fus_error err = {0};
    FUS_AUTO_STR struct fus_str out = {0};
    assert_int_equal(parse(words, &out, &err), FUS_E_INVALID_PARAMETER);
    assert_string_equal(err.detail, detail);
}

static void values_come_in_both_forms(void **state)
{
    expect(WORDS("--target-path", "a", "-t", "b", "--target-path=c", "-td"),
           "target-path=a;target-path=b;target-path=c;target-path=d;");
}

static void a_list_takes_words_up_to_the_next_option(void **state)
{
    expect(WORDS("-s", "a", "b c", "-t", "d", "--source-paths=e", "f"),
           "source-paths=a;source-paths=b c;target-path=d;source-paths=e;source-paths=f;");
}

static void positional_words_may_stand_anywhere(void **state)
{
    expect(WORDS("one", "-j", "two", "-t", "a", "three"),
           "=one;json=(none);=two;target-path=a;=three;");
    expect(WORDS("-j", "--", "-t", "--json"), "json=(none);=-t;=--json;");
    expect(WORDS("-"), "=-;");
}

static void a_value_may_begin_with_a_dash(void **state)
{
    expect(WORDS("--target-path", "-5", "--target-path=--x"), "target-path=-5;target-path=--x;");
}

static void flags_and_optional_values(void **state)
{
    expect(WORDS("--json", "--halt", "--halt=no", "-j"),
           "json=(none);halt=(none);halt=no;json=(none);");
}

static void the_empty_value_is_a_value(void **state)
{
    expect(WORDS("--target-path=", "-s", ""), "target-path=;source-paths=;");
}

static void unknown_options_name_the_nearest(void **state)
{
    expect_error(WORDS("--traget-path", "a"), "there is no option --traget-path; did you mean "
                                              "--target-path?");
    expect_error(WORDS("--jsn=1"), "there is no option --jsn; did you mean --json?");
    expect_error(WORDS("--zzzzzzzzz"), "there is no option --zzzzzzzzz");
    expect_error(WORDS("-x"), "there is no option -x");
}

static void abbreviations_are_not_taken(void **state)
{
    expect_error(WORDS("--source", "a"), "there is no option --source; did you mean "
                                         "--source-paths?");
    expect_error(WORDS("--js"), "there is no option --js; did you mean --json?");
    expect_error(WORDS("--sour=a"), "there is no option --sour; did you mean --source-paths?");
    /* Also where getopt itself would call it ambiguous. */
    expect_error(WORDS("--target", "a"),
                 "there is no option --target; did you mean --target-path?");
    /* A whole name that begins another one is no abbreviation. */
    expect(WORDS("--target-path", "a"), "target-path=a;");
}

static void missing_and_unwanted_values_are_told(void **state)
{
    expect_error(WORDS("--target-path"), "--target-path needs a value");
    expect_error(WORDS("-t"), "-t needs a value");
    expect_error(WORDS("--json=yes"), "--json takes no value");
}

static void what_the_command_refuses_ends_the_parsing(void **state)
{
    struct fus_error err = {0};
    FUS_AUTO_STR struct fus_str out = {0};
    assert_int_equal(parse(WORDS("-t", "refuse", "-j"), &out, &err), FUS_E_CONFLICT);
    assert_string_equal(out.text, "target-path=refuse;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_in_both_forms),
        cmocka_unit_test(a_list_takes_words_up_to_the_next_option),
        cmocka_unit_test(positional_words_may_stand_anywhere),
        cmocka_unit_test(a_value_may_begin_with_a_dash),
        cmocka_unit_test(flags_and_optional_values),
        cmocka_unit_test(the_empty_value_is_a_value),
        cmocka_unit_test(unknown_options_name_the_nearest),
        cmocka_unit_test(abbreviations_are_not_taken),
        cmocka_unit_test(missing_and_unwanted_values_are_told),
        cmocka_unit_test(what_the_command_refuses_ends_the_parsing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
