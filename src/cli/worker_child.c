/* The hidden command that a supervisor starts: its socket is file descriptor 3. */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "worker/supervisor.h"

int fus_cli_worker_child(int argc, char **argv)
{
    struct stat facts;
    if (argc > 1 || fstat(3, &facts) != 0 || !S_ISSOCK(facts.st_mode)) {
        (void)fprintf(stderr, "fusiond worker-child: this command is for `fusiond serve` alone\n");
        return FUS_EXIT_USAGE;
    }
    return fus_worker_main(3);
}
