/* What this server can do: processors and their parameters, models, limits. */
#include <string.h>

#include "api/internal.h"
#include "processors/processor.h"

static json_t *parameters_json(const struct fus_param_table *table)
{
    json_t *properties = json_object();
    for (size_t i = 0; table != NULL && i < table->count; i++)
        json_object_set_new(properties, table->items[i].name,
                            fus_param_json_schema(&table->items[i]));
    return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

static bool usable(const struct fus_api *api, const struct fus_processor_descriptor *processor)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    const struct fus_model *model = NULL;
    return params != NULL && (processor->check == NULL ||
                              processor->check(params, api->options.models, &model, NULL) == 0);
}

static json_t *processor_json(const struct fus_api *api,
                              const struct fus_processor_descriptor *processor)
{
    return json_pack("{s:s, s:s, s:b, s:b, s:b, s:o}", "name", processor->name, "summary",
                     processor->summary, "installed", (int)usable(api, processor),
                     "needs_target_faces", (int)((processor->needs & FUS_NEEDS_FACES) != 0),
                     "needs_source_face", (int)((processor->needs & FUS_NEEDS_SOURCE_FACE) != 0),
                     "parameters", parameters_json(processor->params));
}

static bool owned_by_processor(const struct fus_param_table *table)
{
    size_t count = 0;
    const struct fus_processor_descriptor *const *all = fus_processors(&count);
    for (size_t i = 0; i < count; i++)
        if (all[i]->params == table)
            return true;
    return false;
}

/* Names that `processors` may hold and that no processor of this version answers to. */
static void add_later(json_t *list)
{
    const struct fus_param *names = fus_param_find(fus_processors_schema(), "processors");
    for (size_t i = 0; names != NULL && names->choices != NULL && names->choices[i] != NULL; i++)
        if (fus_processor_find(names->choices[i]) == NULL)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:b}", "name", names->choices[i], "summary",
                                            "Not part of this version", "installed", 0));
}

void fus_processors_list(struct fus_api *api, struct fus_http_request *request,
                         struct fus_http_response *response)
{
    size_t count = 0;
    const struct fus_processor_descriptor *const *all = fus_processors(&count);
    const struct fus_param_schema *schema = fus_processors_schema();
    json_t *list = json_array(), *common = json_object();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, processor_json(api, all[i]));
    add_later(list);
    for (size_t i = 0; i < schema->count; i++)
        for (size_t k = 0; !owned_by_processor(schema->tables[i]) && k < schema->tables[i]->count;
             k++)
            json_object_set_new(common, schema->tables[i]->items[k].name,
                                fus_param_json_schema(&schema->tables[i]->items[k]));
    fus_http_response_json(response, 200,
                           json_pack("{s:o, s:{s:s, s:o}}", "processors", list, "common_parameters",
                                     "type", "object", "properties", common));
}

void fus_models_list(struct fus_api *api, struct fus_http_request *request,
                     struct fus_http_response *response)
{
    const struct fus_models *models = api->options.models;
    json_t *list = json_array();
    for (size_t i = 0; models != NULL && i < fus_models_count(models); i++) {
        const struct fus_model *model = fus_models_at(models, i);
        struct fus_model_facts facts;
        fus_models_facts(models, model, &facts);
        json_t *row =
            json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:b, s:b, s:b, s:b, s:s, s:s?}", "id",
                      model->id, "role", model->role, "family", model->family, "license",
                      model->license, "vendor", model->vendor, "commercial_use",
                      (int)model->commercial_use, "builtin", (int)model->builtin, "generator",
                      (int)model->generator, "installed", (int)fus_models_installed(models, model),
                      "state", fus_model_state_name(facts.state), "sha256", facts.sha256);
        json_t *needs = json_array();
        for (size_t k = 0; k < model->need_count; k++)
            json_array_append_new(needs, json_string(model->needs[k]));
        json_object_set_new(row, "needs", needs);
        if (facts.size >= 0)
            json_object_set_new(row, "bytes", json_integer(facts.size));
        if (model->year > 0)
            json_object_set_new(row, "year", json_integer(model->year));
        json_array_append_new(list, row);
    }
    fus_http_response_json(response, 200, json_pack("{s:o}", "models", list));
}

void fus_limits_get(struct fus_api *api, struct fus_http_request *request,
                    struct fus_http_response *response)
{
    const struct fus_config *c = api->options.config;
    json_t *limits = json_object();
    const struct {
        const char *name;
        json_int_t value;
    } rows[] = {
        {"max_body_bytes", (json_int_t)c->max_body_bytes},
        {"max_json_bytes", (json_int_t)c->max_json_bytes},
        {"max_file_bytes", (json_int_t)c->max_file_bytes},
        {"max_pixels", (json_int_t)c->max_pixels},
        {"max_dimension", c->max_dimension},
        {"max_video_seconds", c->max_video_seconds},
        {"max_frames", c->max_frames},
        {"max_sources", c->max_sources},
        {"queue_capacity", c->queue_capacity},
        {"max_attempts", c->max_attempts},
        {"timeout_seconds", c->timeout_seconds},
        {"result_link_seconds", c->link_seconds},
        {"result_retention_seconds", c->result_seconds},
    };
    for (size_t i = 0; i < FUS_COUNT(rows); i++)
        json_object_set_new(limits, rows[i].name, json_integer(rows[i].value));
    fus_http_response_json(response, 200, limits);
}
