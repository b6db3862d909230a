#include "facefusion/arguments.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void fus_arguments_add(struct fus_arguments *arguments, const char *word)
{
    if (arguments->count == FUS_ARGUMENTS_MAX) {
        arguments->failed = true;
        return;
    }
    char *copy = fus_strdup(word);
    if (copy == NULL)
        arguments->failed = true;
    else
        arguments->words[arguments->count++] = copy;
}

void fus_arguments_done(struct fus_arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++)
        fus_free(arguments->words[i]);
    memset(arguments, 0, sizeof(*arguments));
}

bool fus_arguments_known(const struct fus_param *param)
{
    /* Ours alone, or not the client's to say: paths are the job's, and its words are read for the
     * progress. */
    static const char *const ours[] = {"temp_directory", "temp_path",    "jobs_path",
                                       "config_path",    "log_level",    "download_scope",
                                       "compat",         "halt_on_error"};
    for (size_t i = 0; i < FUS_COUNT(ours); i++) {
        if (strcmp(ours[i], param->name) == 0)
            return false;
    }
    return param->short_for == NULL;
}

bool fus_arguments_foreign(const struct fus_param *param)
{
    static const char *const own[] = {"face_swapper_keep_eyes", "face_swapper_keep_mouth",
                                      "face_swapper_strength"};
    for (size_t i = 0; i < FUS_COUNT(own); i++) {
        if (strcmp(own[i], param->name) == 0)
            return true;
    }
    return false;
}

static void add_value(struct fus_arguments *arguments, const struct fus_param *param, char *text)
{
    bool words = param->type == FUS_PARAM_TEXT_LIST || param->type == FUS_PARAM_INT_LIST ||
                 param->type == FUS_PARAM_BOX;
    char *rest = NULL;
    if (!words) {
        fus_arguments_add(arguments, text);
        return;
    }
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        fus_arguments_add(arguments, word);
}

void fus_arguments_add_params(struct fus_arguments *arguments,
                              const struct fus_param_schema *schema,
                              const struct fus_params *params)
{
    for (size_t i = 0; i < fus_param_schema_size(schema); i++) {
        const struct fus_param *param = fus_param_at(schema, i);
        FUS_AUTO_STR struct fus_str option = {0};
        FUS_AUTO_STR struct fus_str value = {0};
        if (!fus_arguments_known(param) || fus_arguments_foreign(param) ||
            !fus_params_is_set(params, param->name))
            continue;
        fus_params_print(params, param->name, &value);
        if (value.length == 0)
            continue;
        fus_str_printf(&option, "--%s", param->name);
        if (option.failed || value.failed) {
            arguments->failed = true;
            return;
        }
        for (char *c = option.text; *c != '\0'; c++)
            *c = (char)(*c == '_' ? '-' : *c);
        fus_arguments_add(arguments, option.text);
        add_value(arguments, param, value.text);
    }
}
