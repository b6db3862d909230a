#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/config_args.h"

#define PROGRAM "fusiond doctor"

static void line(const char *mark, const char *subject, const char *mend, const char *format,
                 va_list args) FUS_PRINTF(4, 0);

static void line(const char *mark, const char *subject, const char *mend, const char *format,
                 va_list args)
{
    (void)printf("%-7s %-14s ", mark, subject);
    (void)vprintf(format, args);
    (void)putchar('\n');
    if (mend != NULL)
        (void)printf("%-7s %-14s -> %s\n", "", "", mend);
}

void fus_doctor_ok(struct fus_doctor *doctor, const char *subject, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("ok", subject, NULL, format, args);
    va_end(args);
}

void fus_doctor_weak(struct fus_doctor *doctor, const char *subject, const char *mend,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("weak", subject, mend, format, args);
    va_end(args);
    doctor->weak++;
}

void fus_doctor_broken(struct fus_doctor *doctor, const char *subject, const char *mend,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("broken", subject, mend, format, args);
    va_end(args);
    doctor->broken++;
}

static void print_settings(const struct fus_config_builder *builder)
{
    struct fus_config_entry entry;
    const char *section = "";
    (void)printf("Settings (value, where it comes from)\n");
    for (size_t i = 0; fus_config_builder_entry(builder, i, &entry); i++) {
        if (strcmp(section, entry.section) != 0)
            (void)printf("  [%s]\n", entry.section);
        section = entry.section;
        (void)printf("    %-22s = %-28s ; %s\n", entry.key, entry.value, entry.origin);
    }
}

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    if (option == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "\"%.60s\" is no option", value);
    return fus_config_args_take(user, option, value, err);
}

static int examine(const struct fus_config *config, const char *warnings)
{
    struct fus_doctor doctor = {.config = config};
    (void)printf("\nChecks\n");
    for (const char *at = warnings; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        fus_doctor_weak(&doctor, "settings", "correct or remove it", "%.*s", (int)length, at);
        at += length + (at[length] == '\n');
    }
    fus_doctor_check_inference(&doctor);
    fus_doctor_check_media(&doctor);
    fus_doctor_check_storage(&doctor);
    fus_doctor_check_network(&doctor);
    fus_doctor_check_kernel(&doctor);
    (void)printf("\n%d broken, %d weak\n", doctor.broken, doctor.weak);
    return doctor.broken > 0 ? FUS_EXIT_FAILED : FUS_EXIT_OK;
}

int fus_cli_doctor(int argc, char **argv)
{
    struct fus_usage usage = {PROGRAM, "[options]",
                              "Prints every setting with its origin, looks at what the program "
                              "needs, and says how to mend\n"
                              "what is missing. Exit status: 0 all is well, 1 something is broken, "
                              "2 a setting is not right."};
    usage.options = fus_config_options(&usage.count);
    struct fus_error err = {0};
    FUS_AUTO_CONFIG_ARGS struct fus_config_args args = {0};
    FUS_CLEANUP(fus_config_free) struct fus_config *config = NULL;
    int rc = fus_options_parse(&usage, argc, argv, take, &args, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc == 0)
        rc = fus_config_args_finish(&args, &config, &err);
    if (rc != 0)
        return fus_cli_usage_error(PROGRAM, &err);
    (void)printf("fusiond %s\n\n", FUS_VERSION);
    print_settings(args.builder);
    return examine(config, fus_config_builder_warnings(args.builder));
}
