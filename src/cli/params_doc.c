/* fusiond params: the table of parameters as text, Markdown (docs/PARAMETERS.md) or JSON Schema. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/param_args.h"
#include "processors/processor.h"

#define PROGRAM "fusiond params"

enum form { FORM_TEXT, FORM_MARKDOWN, FORM_JSON };

static const struct fus_option own[] = {
    {"markdown", 0, FUS_OPTION_FLAG, NULL, "Print docs/PARAMETERS.md"},
    {"json", 0, FUS_OPTION_FLAG, NULL, "Print a JSON Schema of the object `parameters`"},
};

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    enum form *form = user;
    if (option == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "\"%.60s\" is no option", value);
    *form = strcmp(option->name, "json") == 0 ? FORM_JSON : FORM_MARKDOWN;
    return 0;
}

static const char *type_name(enum fus_param_type type)
{
    static const char *const names[] = {
        [FUS_PARAM_BOOL] = "true/false",
        [FUS_PARAM_INT] = "whole number",
        [FUS_PARAM_FLOAT] = "number",
        [FUS_PARAM_TEXT] = "text",
        [FUS_PARAM_TEXT_LIST] = "list of texts",
        [FUS_PARAM_INT_LIST] = "list of whole numbers",
        [FUS_PARAM_BOX] = "1 to 4 whole numbers",
    };
    return names[type];
}

static void append_values(const struct fus_param *param, struct fus_str *out)
{
    for (size_t i = 0; param->choices != NULL && param->choices[i] != NULL; i++)
        fus_str_printf(out, "%s`%s`", i > 0 ? ", " : "", param->choices[i]);
    if (param->choices == NULL && param->max > param->min) {
        fus_str_printf(out, "%.10g to %.10g", param->min, param->max);
        if (param->step > 0 && param->type == FUS_PARAM_FLOAT)
            fus_str_printf(out, " (%g)", param->step);
    }
}

/* "output_image_quality|output_video_quality" without the bar, which ends a cell. */
static void append_meaning(const struct fus_param *param, struct fus_str *out)
{
    fus_str_append(out, param->doc);
    if ((param->flags & FUS_PARAM_LATER) != 0)
        fus_str_append(out, ". *Not in this version*");
    if ((param->flags & FUS_PARAM_IGNORED) != 0)
        fus_str_append(out, ". *Accepted, no effect*");
}

static void append_row(const struct fus_param *param, struct fus_str *out)
{
    fus_str_printf(out, "| `%s` | %s | ", param->name, type_name(param->type));
    append_values(param, out);
    fus_str_append(out, " | ");
    if (param->default_text != NULL)
        fus_str_printf(out, "`%s`", param->default_text);
    fus_str_append(out, " | ");
    append_meaning(param, out);
    fus_str_append(out, " |\n");
}

static bool first_of_group(const struct fus_param_schema *schema, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(fus_param_at(schema, i)->group, fus_param_at(schema, index)->group) == 0)
            return false;
    }
    return true;
}

/* Calls each for every row, group by group; head before the first of each. */
static void by_group(const struct fus_param_schema *schema, struct fus_str *out,
                     void (*head)(const char *group, struct fus_str *out),
                     void (*each)(const struct fus_param *param, struct fus_str *out))
{
    size_t size = fus_param_schema_size(schema);
    for (size_t i = 0; i < size; i++) {
        if (!first_of_group(schema, i))
            continue;
        const char *group = fus_param_at(schema, i)->group;
        head(group, out);
        for (size_t j = i; j < size; j++) {
            if (strcmp(fus_param_at(schema, j)->group, group) == 0)
                each(fus_param_at(schema, j), out);
        }
    }
}

static void markdown_head(const char *group, struct fus_str *out)
{
    fus_str_printf(
        out, "\n## %s\n\n| name | type | values | default | meaning |\n|---|---|---|---|---|\n",
        group);
}

static void markdown(const struct fus_param_schema *schema, struct fus_str *out)
{
    fus_str_append(out, "# Parameters\n\n"
                        "Made by `fusiond params --markdown` from the tables that validate "
                        "requests; a test compares the "
                        "two.\n\n"
                        "Names are FaceFusion's. In a request they are members of `parameters`; on "
                        "the command line "
                        "`face_mask_blur` is\n`--face-mask-blur`, and a list is given as words. A "
                        "model that is left out "
                        "is FaceFusion's default if it is installed, else\nthe built-in one. "
                        "Numbers between the steps "
                        "(in brackets) are taken as they are. What is *not in this version* is "
                        "taken\nwith its default "
                        "only; anything else is an error that says so.\n");
    by_group(schema, out, markdown_head, append_row);
}

static void text_head(const char *group, struct fus_str *out)
{
    fus_str_printf(out, "%s[%s]\n", out->length > 0 ? "\n" : "", group);
}

static void text_row(const struct fus_param *param, struct fus_str *out)
{
    fus_str_printf(out, "%s (%s)\n    ", param->name, type_name(param->type));
    fus_param_describe(param, out);
    if ((param->flags & FUS_PARAM_LATER) != 0)
        fus_str_append(out, " - not in this version");
    if ((param->flags & FUS_PARAM_IGNORED) != 0)
        fus_str_append(out, " - accepted, no effect");
    fus_str_append(out, "\n");
}

static int json_schema(const struct fus_param_schema *schema, struct fus_str *out)
{
    json_t *members = json_object();
    int failed = members == NULL;
    for (size_t i = 0; failed == 0 && i < fus_param_schema_size(schema); i++) {
        const struct fus_param *param = fus_param_at(schema, i);
        failed = json_object_set_new(members, param->name, fus_param_json_schema(param));
    }
    json_t *object = failed != 0 ? NULL
                                 : json_pack("{s:s, s:b, s:O}", "type", "object",
                                             "additionalProperties", 0, "properties", members);
    char *text =
        object != NULL ? json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(object);
    json_decref(members);
    if (text == NULL)
        return FUS_E_OUT_OF_MEMORY;
    fus_str_append(out, text);
    fus_str_append(out, "\n");
    free(text);
    return 0;
}

int fus_cli_params(int argc, char **argv)
{
    static const struct fus_usage usage = {
        PROGRAM, "[options]", "Lists every parameter of a job: type, values, default, meaning.",
        own, FUS_COUNT(own)};
    struct fus_error err = {0};
    enum form form = FORM_TEXT;
    int rc = fus_options_parse(&usage, argc, argv, take, &form, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc != 0)
        return fus_cli_usage_error(PROGRAM, &err);
    const struct fus_param_schema *schema = fus_processors_schema();
    FUS_AUTO_STR struct fus_str out = {0};
    if (form == FORM_JSON)
        rc = json_schema(schema, &out);
    else if (form == FORM_MARKDOWN)
        markdown(schema, &out);
    else
        by_group(schema, &out, text_head, text_row);
    if (rc != 0 || out.failed) {
        (void)fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory");
        return fus_cli_failure(PROGRAM, &err);
    }
    return fputs(out.text, stdout) >= 0 && fflush(stdout) == 0 ? FUS_EXIT_OK : FUS_EXIT_FAILED;
}
