#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INVALID_PARAMETER, "no arguments are taken");
}

int fus_cli_version(int argc, char **argv)
{
    static const struct fus_usage usage = {"fusiond version", "", "Prints the version.", NULL, 0};
    struct fus_error err = {0};
    int rc = fus_options_parse(&usage, argc, argv, take, NULL, &err);
    if (rc < 0)
        return fus_cli_usage_error(usage.program, &err);
    if (rc == 0)
        (void)printf("fusiond %s\n", FUS_VERSION);
    return FUS_EXIT_OK;
}
