#include "pipeline/chain.h"

#include <stdio.h>
#include <string.h>

static int choose_one(struct fus_chain *chain, const char *name, size_t index,
                      const struct fus_params *params, const struct fus_models *models,
                      struct fus_error *err)
{
    const struct fus_processor_descriptor *found = fus_processor_find(name);
    char pointer[48];

    if (!found) {
        snprintf(pointer, sizeof(pointer), "/parameters/processors/%zu", index);
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, pointer,
                                "There is no processor \"%s\".", name);
    }

    int rc = found->check ? found->check(params, models, &chain->models[chain->count], err) : 0;

    if (rc)
        return rc;
    chain->descriptors[chain->count++] = found;
    chain->needs |= found->needs;

    enum fus_source_type type =
        found->source_type ? found->source_type(params, models) : FUS_SOURCE_TYPE_NONE;

    chain->source_type = FUS_MAX(chain->source_type, type);
    return 0;
}

int fus_chain_choose(struct fus_chain *chain, const struct fus_params *params,
                     const struct fus_models *models, struct fus_error *err)
{
    size_t count = fus_params_list_count(params, "processors");

    memset(chain, 0, sizeof(*chain));
    if (count > FUS_CHAIN_MAX)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/parameters/processors",
                                "More than %d processors.", FUS_CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        int rc = choose_one(chain, fus_params_list_text(params, "processors", i), i, params, models,
                            err);

        if (rc)
            return rc;
    }
    return 0;
}

int fus_chain_open(struct fus_chain *chain, const struct fus_processor_context *context,
                   struct fus_error *err)
{
    while (chain->opened < chain->count) {
        int rc = chain->descriptors[chain->opened]->open(context, &chain->processors[chain->opened],
                                                         err);

        if (rc)
            return rc;
        chain->opened++;
    }
    return 0;
}

int fus_chain_process(struct fus_chain *chain, struct fus_processor_frame *frame,
                      struct fus_error *err)
{
    for (size_t i = 0; i < chain->opened; i++) {
        int rc = chain->descriptors[i]->process(chain->processors[i], frame, err);

        if (rc)
            return rc;
    }
    return 0;
}

void fus_chain_done(struct fus_chain *chain)
{
    while (chain->opened > 0) {
        chain->opened--;
        chain->descriptors[chain->opened]->close(chain->processors[chain->opened]);
    }
}
