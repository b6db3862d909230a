#include "cli/param_args.h"

#include <string.h>

#include "base/mem.h"

struct fus_param_arg {
    char name[64];
    struct fus_str doc;
    struct fus_str text; /* words, separated by spaces */
    bool given;
};

void fus_param_flag_name(const char *name, char out[64])
{
    (void)fus_strlcpy(out, name, 64);
    for (char *c = out; *c != '\0'; c++) {
        if (*c == '_')
            *c = '-';
    }
}

void fus_param_describe(const struct fus_param *param, struct fus_str *out)
{
    fus_str_append(out, param->doc);
    if (param->choices != NULL) {
        fus_str_append(out, " [");
        for (size_t i = 0; param->choices[i] != NULL; i++)
            fus_str_printf(out, "%s%s", i > 0 ? ", " : "", param->choices[i]);
        fus_str_append(out, "]");
    } else if (param->max > param->min) {
        fus_str_printf(out, " [%.10g to %.10g]", param->min, param->max);
    }
    if (param->default_text != NULL)
        fus_str_printf(out, " (default: %s)", param->default_text);
}

static enum fus_option_takes takes_of(enum fus_param_type type)
{
    switch (type) {
    case FUS_PARAM_BOOL:
        return FUS_OPTION_MAYBE;
    case FUS_PARAM_TEXT_LIST:
    case FUS_PARAM_INT_LIST:
    case FUS_PARAM_BOX:
        return FUS_OPTION_WORDS;
    default:
        return FUS_OPTION_VALUE;
    }
}

static const char *argument_of(enum fus_param_type type)
{
    switch (type) {
    case FUS_PARAM_BOOL:
        return "yes|no";
    case FUS_PARAM_TEXT:
    case FUS_PARAM_TEXT_LIST:
        return "NAME";
    default:
        return "N";
    }
}

static bool named(const struct fus_option *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, name) == 0)
            return true;
    }
    return false;
}

int fus_param_args_init(struct fus_param_args *args, const struct fus_param_schema *schema,
                        const struct fus_option *own, size_t own_count, struct fus_error *err)
{
    *args = (struct fus_param_args){.schema = schema};
    size_t size = fus_param_schema_size(schema);
    args->args = fus_calloc(size + 1, sizeof(*args->args));
    args->options = fus_calloc(own_count + size, sizeof(*args->options));
    if (args->args == NULL || args->options == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    memcpy(args->options, own, own_count * sizeof(*own));
    args->count = own_count;
    for (size_t i = 0; i < size; i++) {
        const struct fus_param *param = fus_param_at(schema, i);
        struct fus_param_arg *arg = &args->args[i];
        fus_param_flag_name(param->name, arg->name);
        if (named(own, own_count, arg->name))
            continue;
        fus_param_describe(param, &arg->doc);
        if (arg->doc.failed)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
        args->options[args->count++] = (struct fus_option){
            .name = arg->name,
            .takes = takes_of(param->type),
            .argument = argument_of(param->type),
            .doc = arg->doc.text,
            .group = param->group,
            .tag = arg,
            .hidden = (param->flags & (FUS_PARAM_LATER | FUS_PARAM_IGNORED)) != 0,
        };
    }
    return 0;
}

void fus_param_args_done(struct fus_param_args *args)
{
    for (size_t i = 0; args->args != NULL && i < fus_param_schema_size(args->schema); i++) {
        fus_str_done(&args->args[i].doc);
        fus_str_done(&args->args[i].text);
    }
    fus_free(args->args);
    fus_free(args->options);
    *args = (struct fus_param_args){0};
}

bool fus_param_args_take(struct fus_param_args *args, const struct fus_option *option,
                         const char *value)
{
    if (option == NULL)
        return false;
    for (size_t i = 0; i < fus_param_schema_size(args->schema); i++) {
        struct fus_param_arg *arg = &args->args[i];
        if (option->tag != arg)
            continue;
        if (option->takes == FUS_OPTION_WORDS && arg->text.length > 0)
            fus_str_append(&arg->text, " ");
        else
            fus_str_clear(&arg->text);
        fus_str_append(&arg->text, value != NULL ? value : "yes");
        arg->given = true;
        return true;
    }
    return false;
}

int fus_param_args_apply(const struct fus_param_args *args, struct fus_params *params,
                         struct fus_error_list *errors)
{
    int result = 0;
    for (size_t i = 0; i < fus_param_schema_size(args->schema); i++) {
        const struct fus_param_arg *arg = &args->args[i];
        struct fus_error err = {0};
        if (!arg->given)
            continue;
        int rc = arg->text.failed
                     ? fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory")
                     : fus_params_take_text(params, fus_param_at(args->schema, i)->name,
                                            arg->text.text, &err);
        if (rc != 0) {
            fus_error_list_add(errors, rc, "", "--%s: %s", arg->name, err.detail);
            result = rc;
        }
    }
    return result;
}
