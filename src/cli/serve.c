/* fusiond serve: the API, the supervisor and its workers in one process tree. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/server.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/config_args.h"
#include "cli/interrupt.h"
#include "config/settings.h"
#include "processors/processor.h"
#include "safety/moderation.h"
#include "worker/supervisor.h"

#define PROGRAM "fusiond serve"

/* Everything a server holds, in the order it is made; one destructor takes half of it as well. */
struct server {
    struct fus_config *config;
    struct fus_facefusion_ini *defaults;
    struct fus_log *log;
    struct fus_interrupt *interrupt;
    struct fus_storage *storage;
    struct fus_store *store;
    struct fus_models *models;
    struct fus_metrics *metrics;
    pthread_mutex_t supervisor_lock;
    struct fus_supervisor *supervisor; /* under the lock once the API runs; NULL while stopping */
    struct fus_api *api;
};

/* The API goes on answering (status, results) while running jobs get time to end, so it must not
 * reach a supervisor that is being stopped. */
static void server_done(struct server *server)
{
    if (server->api != NULL)
        fus_api_drain(server->api);
    pthread_mutex_lock(&server->supervisor_lock);
    struct fus_supervisor *supervisor = FUS_TAKE(server->supervisor);
    pthread_mutex_unlock(&server->supervisor_lock);
    if (supervisor != NULL)
        fus_supervisor_stop(supervisor, server->config->stop_grace_ms);
    if (server->api != NULL)
        fus_api_stop(server->api);
    fus_metrics_free(server->metrics);
    fus_models_free(server->models);
    fus_store_free(server->store);
    fus_storage_free(server->storage);
    fus_interrupt_stop(server->interrupt);
    fus_log_free(server->log);
    fus_facefusion_ini_free(server->defaults);
    fus_config_free(server->config);
    pthread_mutex_destroy(&server->supervisor_lock);
}
#define AUTO_SERVER __attribute__((cleanup(server_done)))

static void wake(void *user)
{
    struct server *server = user;
    pthread_mutex_lock(&server->supervisor_lock);
    if (server->supervisor != NULL)
        fus_supervisor_wake(server->supervisor);
    pthread_mutex_unlock(&server->supervisor_lock);
}

static int workers_ready(void *user)
{
    struct server *server = user;
    pthread_mutex_lock(&server->supervisor_lock);
    int ready = server->supervisor != NULL ? fus_supervisor_workers_ready(server->supervisor) : 0;
    pthread_mutex_unlock(&server->supervisor_lock);
    return ready;
}

static int open_stores(struct server *server, struct fus_error *err)
{
    int rc = fus_storage_open(server->config, &server->storage, err);
    if (rc != 0)
        return rc;
    FUS_AUTO_FREE char *path = fus_fs_join(server->config->data_dir, "store.db");
    if (path == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    rc = fus_store_open(path, &server->store, err);
    if (rc != 0)
        return rc;
    /* Listing and checks only: sessions are the workers'. */
    const char *folder = server->config->models_dir;
    rc = fus_models_open(NULL, fus_fs_exists(folder) ? folder : NULL, &server->models, err);
    if (rc != 0)
        return rc;
    fus_models_set_commercial(server->models,
                              fus_str_equal(server->config->policy_commercial, "true"));
    server->metrics = fus_metrics_new();
    return server->metrics != NULL ? 0
                                   : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
}

static int start(struct server *server, struct fus_error *err)
{
    int rc = open_stores(server, err);
    if (rc != 0)
        return rc;
    const struct fus_supervisor_options supervisor = {
        .config = server->config,
        .store = server->store,
        .storage = server->storage,
        .metrics = server->metrics,
        .log = server->log,
    };
    rc = fus_supervisor_start(&supervisor, &server->supervisor, err);
    if (rc != 0)
        return rc;
    const struct fus_api_options api = {
        .config = server->config,
        .store = server->store,
        .storage = server->storage,
        .models = server->models,
        .metrics = server->metrics,
        .log = server->log,
        .defaults = server->defaults,
        .wake = wake,
        .workers_ready = workers_ready,
        .user = server,
    };
    return fus_api_start(&api, &server->api, err);
}

static void say_where(const struct server *server)
{
    char host[256], text[320];
    if (!fus_parse_address(server->config->listen, host, NULL))
        return;
    bool v6 = strchr(host, ':') != NULL;
    (void)snprintf(text, sizeof(text), "fusiond is listening on http://%s%s%s:%d", v6 ? "[" : "",
                   host, v6 ? "]" : "", fus_api_port(server->api));
    fus_log(server->log, FUS_LOG_INFO, text, FUS_F("version", FUS_VERSION), FUS_F("address", host),
            FUS_F_INT("port", fus_api_port(server->api)),
            FUS_F_INT("metrics_port", fus_api_metrics_port(server->api)),
            FUS_F("data_dir", server->config->data_dir));
}

/* ---- the command line ---- */

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    if (option == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "\"%.60s\" is no option", value);
    return fus_config_args_take(user, option, value, err);
}

/* The values that every job starts from; what is wrong with them is the operator's to hear now. */
static int read_defaults(struct server *server, struct fus_error *err)
{
    const char *path = server->config->facefusion_config_path;
    return *path == '\0'
               ? 0
               : fus_facefusion_ini_load(path, fus_processors_schema(), &server->defaults, err);
}

static void warn_defaults(const struct server *server)
{
    const char *text;
    for (size_t i = 0; (text = fus_facefusion_ini_warning(server->defaults, i)) != NULL; i++)
        fus_log(server->log, FUS_LOG_WARN, text);
}

static void warn_lines(struct fus_log *log, const char *lines)
{
    while (*lines != '\0') {
        char line[200];
        size_t length = strcspn(lines, "\n");
        (void)snprintf(line, sizeof(line), "%.*s", (int)FUS_MIN(length, sizeof(line) - 1), lines);
        fus_log(log, FUS_LOG_WARN, line);
        lines += length + (lines[length] == '\n');
    }
}

int fus_cli_serve(int argc, char **argv)
{
    struct fus_usage usage = {
        PROGRAM, "[options]",
        "Serves the API and does the jobs. Settings come from /etc/fusiond/fusiond.ini, from\n"
        "$XDG_CONFIG_HOME/fusiond/fusiond.ini, from --config, from the environment\n"
        "(FUSIOND_<SECTION>_<KEY>) and from flags, the later ones winning. The log, JSON lines, "
        "goes to\n"
        "stderr. SIGTERM, SIGINT and SIGHUP stop it cleanly; a second one at once."};
    usage.options = fus_config_options(&usage.count);
    struct fus_error err = {0};
    FUS_AUTO_CONFIG_ARGS struct fus_config_args args = {0};
    AUTO_SERVER struct server server = {.supervisor_lock = PTHREAD_MUTEX_INITIALIZER};
    int rc = fus_options_parse(&usage, argc, argv, take, &args, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc == 0)
        rc = fus_config_args_finish(&args, &server.config, &err);
    if (rc == 0)
        rc = read_defaults(&server, &err);
    if (rc != 0)
        return fus_cli_usage_error(PROGRAM, &err);

    enum fus_log_level level = FUS_LOG_INFO;
    (void)fus_log_level_parse(server.config->log_level, &level);
    server.log = fus_log_new(STDERR_FILENO, level, "server");
    if (server.log == NULL)
        return FUS_EXIT_FAILED;
    warn_lines(server.log, fus_config_builder_warnings(args.builder));
    warn_defaults(&server);
    rc = fus_interrupt_start(FUS_EXIT_FAILED, &server.interrupt, &err);
    if (rc == 0)
        rc = start(&server, &err);
    if (rc != 0) {
        fus_log(server.log, FUS_LOG_ERROR, "fusiond can't start",
                FUS_F("code", fus_error_info(err.code)->name), FUS_F("detail", err.detail),
                FUS_F("data_dir", server.config->data_dir));
        return FUS_EXIT_FAILED;
    }
    say_where(&server);
    if (fus_gate_policy_parse(server.config->gate) == FUS_GATE_OFF)
        fus_log(server.log, FUS_LOG_WARN,
                "the content gate is off (policy.gate = off): targets are not looked at");
    fus_interrupt_wait(server.interrupt);
    fus_log(server.log, FUS_LOG_INFO, "stopping: running jobs get time to end",
            FUS_F_INT("grace_ms", server.config->stop_grace_ms));
    return FUS_EXIT_OK;
}
