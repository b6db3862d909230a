/* fusiond models list. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/models.h"

static const struct fus_option own[] = {
    {"role", 0, FUS_OPTION_VALUE, "ROLE", "Only these: face_swapper, face_detector, ..."},
    {"installed", 0, FUS_OPTION_FLAG, NULL, "Only what is there"},
    {"json", 0, FUS_OPTION_FLAG, NULL, "For machines"},
};

static json_t *row_json(const struct fus_models *models, const struct fus_model *model,
                        const struct fus_model_facts *facts)
{
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:s, s:s}", "id", model->id,
                  "role", model->role, "family", model->family, "file", model->file, "license",
                  model->license, "vendor", model->vendor, "commercial_use",
                  (int)model->commercial_use, "free_license", (int)model->free_license, "generator",
                  (int)model->generator, "installed", (int)fus_models_installed(models, model),
                  "state", fus_model_state_name(facts->state), "sha256", facts->sha256);
    json_t *needs = json_array();
    for (size_t i = 0; i < model->need_count; i++)
        json_array_append_new(needs, json_string(model->needs[i]));
    json_object_set_new(row, "needs", needs);
    if (facts->size >= 0)
        json_object_set_new(row, "bytes", json_integer(facts->size));
    return row;
}

static void print_row(const struct fus_model *model, const struct fus_model_facts *facts)
{
    char size[32] = "-";
    if (facts->size >= 0)
        (void)snprintf(size, sizeof(size), "%.1f MiB", (double)facts->size / (1 << 20));
    (void)printf("%-28s %-19s %11s  %-14s %-14s %s\n", model->id, model->role, size, model->license,
                 model->commercial_use ? "commercial" : "non-commercial",
                 fus_model_state_name(facts->state));
}

int fus_cli_models_list(int argc, char **argv)
{
    static const struct fus_usage usage = {
        "fusiond models list", "[options]",
        "Lists the models of the manifest: id, role, size of the file, license, use, state.", NULL,
        0};
    FUS_AUTO_MODELS_ARGS struct fus_models_args args = {0};
    int rc = fus_models_args_read(&args, &usage, own, FUS_COUNT(own), argc, argv);
    if (rc != 0)
        return fus_models_exit(rc);
    json_t *list = json_array();
    size_t shown = 0;
    for (size_t i = 0; i < fus_models_count(args.models); i++) {
        const struct fus_model *model = fus_models_at(args.models, i);
        struct fus_model_facts facts;
        if ((args.role != NULL && strcmp(args.role, model->role) != 0) ||
            (args.installed && !fus_models_installed(args.models, model)))
            continue;
        shown++;
        fus_models_facts(args.models, model, &facts);
        if (args.json)
            json_array_append_new(list, row_json(args.models, model, &facts));
        else
            print_row(model, &facts);
    }
    if (args.json) {
        json_t *root = json_pack("{s:O}", "models", list);
        char *text = json_dumps(root, JSON_INDENT(2));
        (void)printf("%s\n", text != NULL ? text : "{}");
        free(text);
        json_decref(root);
    } else if (shown == 0) {
        (void)fprintf(stderr, "no such model\n");
    }
    json_decref(list);
    return FUS_EXIT_OK;
}
