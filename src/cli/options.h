/* Command-line options: getopt_long made from rows, help made from the same rows, near misses
 * named.
 *
 * Names are whole: abbreviations, which would change their meaning when a parameter is added, are
 * not taken. Words that are no options are handed over as positional; "--" ends the options. */
#ifndef FUS_CLI_OPTIONS_H
#define FUS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/macros.h"

enum fus_option_takes {
    FUS_OPTION_FLAG,
    FUS_OPTION_VALUE,
    FUS_OPTION_WORDS, /* one or more words up to the next option; also by repeating it */
    FUS_OPTION_MAYBE, /* --name or --name=value */
};

struct fus_option {
    const char *name; /* "target-path" */
    char letter;      /* 't', or 0 */
    enum fus_option_takes takes;
    const char *argument; /* in the help: "FILE" */
    const char *doc;
    const char *group; /* heading in the help; NULL: "Options" */
    const void *tag;   /* the user's */
    bool hidden;       /* not in the help */
};

struct fus_usage {
    const char *program;  /* "fusiond run" */
    const char *synopsis; /* "-s FILE... -t FILE -o FILE [options]" */
    const char *text;     /* paragraphs below it */
    const struct fus_option *options;
    size_t count;
};

/* option NULL: a positional word. value NULL: a flag, or MAYBE without one. A non-zero answer stops
 * and is returned. */
typedef int (*fus_option_take)(void *user, const struct fus_option *option, const char *value,
                               struct fus_error *err);

/* Returned when -h or --help was given: the help has been printed. */
#define FUS_OPTIONS_HELP 1

/* 0, FUS_OPTIONS_HELP, FUS_E_INVALID_PARAMETER (unknown option, argument missing or not wanted),
 * FUS_E_OUT_OF_MEMORY, or what take gave. */
int fus_options_parse(const struct fus_usage *usage, int argc, char **argv, fus_option_take take,
                      void *user, struct fus_error *err) FUS_MUST_CHECK;
void fus_options_help(const struct fus_usage *usage);

#endif
