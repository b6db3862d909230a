#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

const struct fus_command *fus_command_find(const struct fus_command *commands, size_t count,
                                           const char *program, const char *name)
{
    const struct fus_command *near = NULL;
    unsigned best = (unsigned)FUS_MAX(2, strlen(name) / 3) + 1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
        unsigned distance = fus_edit_distance(commands[i].name, name);
        if (!commands[i].hidden && distance < best) {
            best = distance;
            near = &commands[i];
        }
    }
    (void)fprintf(stderr, "%s: there is no command \"%.60s\"", program, name);
    if (near != NULL)
        (void)fprintf(stderr, "; did you mean %s?", near->name);
    (void)fprintf(stderr, "\nTry '%s --help'.\n", program);
    return NULL;
}

void fus_command_list(const struct fus_command *commands, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!commands[i].hidden)
            (void)printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    }
}

int fus_cli_usage_error(const char *program, const struct fus_error *err)
{
    (void)fprintf(stderr, "%s: %s\nTry '%s --help'.\n", program, err->detail, program);
    return FUS_EXIT_USAGE;
}

int fus_cli_failure(const char *program, const struct fus_error *err)
{
    (void)fprintf(stderr, "%s: %s\n", program, err->detail);
    return FUS_EXIT_FAILED;
}
