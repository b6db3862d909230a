/* fusiond jobs: a client of the API. */
#include "cli/jobs.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct fus_command commands[] = {
    {"submit", "Send a job; prints its id", fus_cli_jobs_submit, false},
    {"list", "Jobs, newest first", fus_cli_jobs_list, false},
    {"watch", "Follow a job to its end", fus_cli_jobs_watch, false},
    {"result", "Fetch a job's result", fus_cli_jobs_result, false},
    {"cancel", "Stop a job", fus_cli_jobs_cancel, false},
};

int fus_cli_jobs(int argc, char **argv)
{
    bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc < 2 || help) {
        (void)printf("Usage: fusiond jobs COMMAND [options]\n\n"
                     "A client of a fusiond server (--server, default http://127.0.0.1:8000).\n\n"
                     "Commands:\n");
        fus_command_list(commands, FUS_COUNT(commands));
        (void)printf("\n'fusiond jobs COMMAND --help' tells more about one of them.\n");
        return help ? FUS_EXIT_OK : FUS_EXIT_USAGE;
    }
    const struct fus_command *command =
        fus_command_find(commands, FUS_COUNT(commands), "fusiond jobs", argv[1]);
    if (command == NULL)
        return FUS_EXIT_USAGE;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return FUS_EXIT_FAILED;
    int code = command->run(argc - 1, argv + 1);
    curl_global_cleanup();
    return code;
}

void fus_jobs_args_init(struct fus_jobs_args *args, const char *program)
{
    *args = (struct fus_jobs_args){.program = program, .server = "http://127.0.0.1:8000"};
    args->key = getenv("FUSIOND_API_KEY");
    /* On the machine of the server its own setting will do. */
    if (args->key == NULL)
        args->key = getenv("FUSIOND_AUTH_API_KEY");
}

void fus_jobs_args_done(struct fus_jobs_args *args)
{
    fus_client_free(args->client);
    fus_interrupt_stop(args->interrupt);
}

bool fus_jobs_args_take(struct fus_jobs_args *args, const struct fus_option *option,
                        const char *value)
{
    if (option == NULL)
        return false;
    if (strcmp(option->name, "server") == 0)
        args->server = value;
    else if (strcmp(option->name, "api-key") == 0)
        args->key = value;
    else if (strcmp(option->name, "json") == 0)
        args->json = true;
    else if (strcmp(option->name, "quiet") == 0)
        args->quiet = true;
    else
        return false;
    return true;
}

int fus_jobs_args_take_id(struct fus_jobs_args *args, const char *word, struct fus_error *err)
{
    size_t length = strlen(word);
    bool plain =
        strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
    if (args->id != NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "one job at a time");
    if (length == 0 || length > 64 || !plain)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "\"%.60s\" is not the id of a job",
                             word);
    args->id = word;
    return 0;
}

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    struct fus_jobs_args *args = user;
    if (fus_jobs_args_take(args, option, value))
        return 0;
    return fus_jobs_args_take_id(args, value, err);
}

int fus_jobs_args_parse(struct fus_jobs_args *args, const struct fus_usage *usage, int argc,
                        char **argv, struct fus_error *err)
{
    int rc = fus_options_parse(usage, argc, argv, take, args, err);
    if (rc == 0 && args->id == NULL)
        rc = fus_error_set(err, FUS_E_INVALID_PARAMETER, "the id of a job is needed");
    return rc;
}

static bool cancelled(void *user)
{
    return fus_interrupt_seen(user);
}

int fus_jobs_connect(struct fus_jobs_args *args, struct fus_error *err)
{
    int rc = fus_interrupt_start(FUS_EXIT_INTERRUPTED, &args->interrupt, err);
    if (rc == 0)
        rc = fus_client_new(args->server, args->key, &args->client, err);
    if (rc == 0)
        fus_client_on_cancel(args->client, cancelled, args->interrupt);
    return rc;
}

int fus_jobs_fail(const struct fus_jobs_args *args, const struct fus_error *err)
{
    (void)fus_cli_failure(args->program, err);
    bool interrupted = args->interrupt != NULL && fus_interrupt_seen(args->interrupt);
    return interrupted ? FUS_EXIT_INTERRUPTED : FUS_EXIT_FAILED;
}

int fus_jobs_print(const json_t *json, struct fus_error *err)
{
    if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) != 0 ||
        putchar('\n') == EOF || fflush(stdout) != 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "the answer can't be printed");
    return 0;
}

const char *fus_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

int fus_jobs_get(struct fus_jobs_args *args, const char *id, json_t **job, struct fus_error *err)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/jobs/%s", id);
    int rc = fus_client_call(args->client, "GET", path, NULL, NULL, 0, job, err);
    if (rc == 0 && !json_is_object(*job)) {
        json_decref(*job);
        *job = NULL;
        rc = fus_error_set(err, FUS_E_INTERNAL, "the server's answer is not a job");
    }
    return rc;
}
