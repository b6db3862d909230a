/* fusiond: the program. Finds the subcommand and hands over. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "cli/command.h"

static const struct fus_command commands[] = {
    {"serve", "The API, the supervisor and its workers", fus_cli_serve, false},
    {"run", "One job on the command line, no server", fus_cli_run, false},
    {"batch", "Every source with every target, no server", fus_cli_batch, false},
    {"headless-run", "", fus_cli_run, true}, /* FaceFusion's names for the two */
    {"batch-run", "", fus_cli_batch, true},
    {"jobs", "A client of the API: submit, list, watch, result, cancel", fus_cli_jobs, false},
    {"models", "Model files: list, pull, verify, add, rm", fus_cli_models, false},
    {"doctor", "What is set, what is missing and how to mend it", fus_cli_doctor, false},
    {"params", "All parameters of a job", fus_cli_params, false},
    {"version", "Version", fus_cli_version, false},
    {"worker-child", "", fus_cli_worker_child, true},
};

static int help(void)
{
    (void)printf("Usage: fusiond COMMAND [options]\n\n"
                 "FaceFusion's pipeline as a service: faces found, swapped and labelled.\n\n"
                 "Commands:\n");
    fus_command_list(commands, FUS_COUNT(commands));
    (void)printf("\n'fusiond COMMAND --help' tells more about one of them.\n");
    return FUS_EXIT_OK;
}

int main(int argc, char **argv)
{
    /* A reader that goes away is an error of write(2), not the end of the program. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        (void)fprintf(stderr, "fusiond: a command is needed\nTry 'fusiond --help'.\n");
        return FUS_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help();
    if (strcmp(name, "--version") == 0 || strcmp(name, "-v") == 0)
        name = "version";
    const struct fus_command *command =
        fus_command_find(commands, FUS_COUNT(commands), "fusiond", name);
    return command == NULL ? FUS_EXIT_USAGE : command->run(argc - 1, argv + 1);
}
