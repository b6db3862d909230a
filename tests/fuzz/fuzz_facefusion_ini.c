/* A facefusion.ini of any bytes: read or refused, and what was read can be put into parameters. */
#include <stddef.h>
#include <stdint.h>

#include "config/facefusion_ini.h"
#include "processors/processor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fus_facefusion_ini *ini = NULL;
    struct fus_error err = {0};
    if (fus_facefusion_ini_parse("f.ini", (const char *)data, size, fus_processors_schema(), &ini,
                                 &err) != 0)
        return 0;
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    if (params == NULL || fus_facefusion_ini_apply(ini, false, params, &err) != 0)
        __builtin_trap(); /* it has been checked */
    fus_facefusion_ini_free(ini);
    return 0;
}
