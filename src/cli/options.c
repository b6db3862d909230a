#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define FIRST_VALUE 1000 /* val of the first long option, clear of all letters */
#define HELP_VALUE 999

struct parser {
    const struct fus_usage *usage;
    struct option *longs;
    char shorts[160];
};

static int has_arg(enum fus_option_takes takes)
{
    return takes == FUS_OPTION_FLAG    ? no_argument
           : takes == FUS_OPTION_MAYBE ? optional_argument
                                       : required_argument;
}

static int prepare(struct parser *parser, struct fus_error *err)
{
    const struct fus_usage *usage = parser->usage;
    parser->longs = fus_calloc(usage->count + 2, sizeof(*parser->longs));
    if (parser->longs == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    /* '+': stop at the first word that is no option; ':': tell a missing argument apart. */
    char *shorts = parser->shorts;
    size_t used = (size_t)snprintf(shorts, sizeof(parser->shorts), "+:h");
    for (size_t i = 0; i < usage->count; i++) {
        const struct fus_option *option = &usage->options[i];
        parser->longs[i] =
            (struct option){option->name, has_arg(option->takes), NULL, FIRST_VALUE + (int)i};
        if (option->letter != 0 && used + 3 < sizeof(parser->shorts)) {
            shorts[used++] = option->letter;
            if (has_arg(option->takes) == required_argument)
                shorts[used++] = ':';
            shorts[used] = '\0';
        }
    }
    parser->longs[usage->count] = (struct option){"help", no_argument, NULL, HELP_VALUE};
    return 0;
}

static const struct fus_option *by_value(const struct fus_usage *usage, int value)
{
    if (value >= FIRST_VALUE && (size_t)(value - FIRST_VALUE) < usage->count)
        return &usage->options[value - FIRST_VALUE];
    for (size_t i = 0; i < usage->count; i++) {
        if (usage->options[i].letter != 0 && usage->options[i].letter == value)
            return &usage->options[i];
    }
    return NULL;
}

/* "--name" without its "=value", cut for messages. */
static void plain_name(const char *word, char out[80])
{
    size_t length = FUS_MIN(strcspn(word, "="), (size_t)79);
    memcpy(out, word, length);
    out[length] = '\0';
}

static int unknown(const struct fus_usage *usage, const char *word, struct fus_error *err)
{
    char name[80];
    plain_name(word, name);
    const char *near = NULL;
    const char *bare = name + strspn(name, "-");
    unsigned best = (unsigned)FUS_MAX(2, strlen(bare) / 3) + 1;
    for (size_t i = 0; strlen(bare) > 1 && i < usage->count; i++) {
        unsigned distance = fus_edit_distance(bare, usage->options[i].name);
        /* What was abbreviated is as near as can be. */
        if (fus_str_starts(usage->options[i].name, bare))
            distance = 1;
        if (distance < best) {
            best = distance;
            near = usage->options[i].name;
        }
    }
    return fus_error_set(err, FUS_E_INVALID_PARAMETER, "there is no option %s%s%s%s", name,
                         near != NULL ? "; did you mean --" : "", near != NULL ? near : "",
                         near != NULL ? "?" : "");
}

/* The word of the command line that held the option getopt has just read. */
static const char *option_word(char **argv)
{
    bool separate = optarg != NULL && optind >= 2 && optarg == argv[optind - 1];
    return argv[separate ? optind - 2 : optind - 1];
}

static int bad_option(const struct parser *parser, int answer, char **argv, struct fus_error *err)
{
    const char *word = argv[optind - 1];
    char name[80];
    plain_name(word, name);
    bool is_long = fus_str_starts(word, "--");
    /* getopt has moved on only if the letter was the last of its word. */
    char letter[3] = {'-', (char)optopt, '\0'};
    if (answer == ':')
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s needs a value",
                             is_long ? name : letter);
    const struct fus_option *known = is_long ? by_value(parser->usage, optopt) : NULL;
    if (known != NULL || optopt == HELP_VALUE)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s takes no value", name);
    return unknown(parser->usage, is_long ? word : letter, err);
}

static int take_words(const struct fus_option *option, int argc, char **argv, fus_option_take take,
                      void *user, struct fus_error *err)
{
    int rc = take(user, option, optarg, err);
    while (rc == 0 && option->takes == FUS_OPTION_WORDS && optind < argc && argv[optind][0] != '-')
        rc = take(user, option, argv[optind++], err);
    return rc;
}

static int step(const struct parser *parser, int answer, int argc, char **argv,
                fus_option_take take, void *user, struct fus_error *err)
{
    if (answer == '?' || answer == ':')
        return bad_option(parser, answer, argv, err);
    if (answer >= HELP_VALUE) {
        char name[80];
        const char *word = option_word(argv);
        plain_name(word, name);
        const struct fus_option *option = by_value(parser->usage, answer);
        if (strcmp(name + 2, option != NULL ? option->name : "help") != 0)
            return unknown(parser->usage, word, err);
    }
    if (answer == 'h' || answer == HELP_VALUE) {
        fus_options_help(parser->usage);
        return FUS_OPTIONS_HELP;
    }
    return take_words(by_value(parser->usage, answer), argc, argv, take, user, err);
}

int fus_options_parse(const struct fus_usage *usage, int argc, char **argv, fus_option_take take,
                      void *user, struct fus_error *err)
{
    struct parser parser = {.usage = usage};
    int rc = prepare(&parser, err);
    FUS_AUTO_FREE struct option *longs = parser.longs;
    optind = 0; /* glibc: start anew */
    opterr = 0;
    while (rc == 0) {
        int answer = getopt_long(argc, argv, parser.shorts, longs, NULL);
        if (answer != -1) {
            rc = step(&parser, answer, argc, argv, take, user, err);
            continue;
        }
        if (optind >= argc)
            break;
        bool ended = strcmp(argv[optind - 1], "--") == 0;
        do
            rc = take(user, NULL, argv[optind++], err);
        while (rc == 0 && ended && optind < argc);
        /* getopt would go back to the words behind "--". */
        if (ended)
            break;
    }
    return rc;
}

/* ---- help ---- */

#define COLUMN 36
#define WIDTH 100

static void print_wrapped(const char *text, int column)
{
    int at = column;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (at > column && at + 1 + (int)length > WIDTH) {
            (void)printf("\n%*s", column, "");
            at = column;
        } else if (at > column) {
            (void)putchar(' ');
            at++;
        }
        (void)printf("%.*s", (int)length, text);
        at += (int)length;
        text += length;
        text += strspn(text, " ");
    }
    (void)putchar('\n');
}

static void print_option(const struct fus_option *option)
{
    char left[160], letter[8] = "    ";
    if (option->letter != 0)
        (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    const char *argument = option->argument != NULL ? option->argument : "VALUE";
    const char *format = option->takes == FUS_OPTION_FLAG    ? "  %s--%s"
                         : option->takes == FUS_OPTION_MAYBE ? "  %s--%s[=%s]"
                         : option->takes == FUS_OPTION_WORDS ? "  %s--%s %s..."
                                                             : "  %s--%s %s";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
    int used = snprintf(left, sizeof(left), format, letter, option->name, argument);
#pragma GCC diagnostic pop
    if (used + 2 > COLUMN)
        (void)printf("%s\n%*s", left, COLUMN, "");
    else
        (void)printf("%-*s", COLUMN, left);
    print_wrapped(option->doc, COLUMN);
}

static bool first_of_group(const struct fus_usage *usage, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (!usage->options[i].hidden &&
            fus_str_equal(usage->options[i].group, usage->options[index].group))
            return false;
    }
    return !usage->options[index].hidden;
}

void fus_options_help(const struct fus_usage *usage)
{
    (void)printf("Usage: %s %s\n\n%s\n", usage->program, usage->synopsis, usage->text);
    for (size_t i = 0; i < usage->count; i++) {
        if (!first_of_group(usage, i))
            continue;
        const char *group = usage->options[i].group;
        (void)printf("\n%s:\n", group != NULL ? group : "Options");
        for (size_t j = i; j < usage->count; j++) {
            if (!usage->options[j].hidden && fus_str_equal(usage->options[j].group, group))
                print_option(&usage->options[j]);
        }
    }
    if (usage->count == 0)
        (void)printf("\nOptions:\n");
    (void)printf("%-*sShow this help\n", COLUMN, "  -h, --help");
}
