/* A data directory with store and storage, and jobs whose targets say what the fake child does. */
#ifndef FUS_TESTS_WORKER_FIXTURE_H
#define FUS_TESTS_WORKER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/supervisor_internal.h"

struct fixture {
    char folder[64];
    struct fus_config *config;
    struct fus_store *store;
    struct fus_storage *storage;
    struct fus_metrics *metrics;
    struct fus_log *log; /* with FUS_TEST_LOG in the environment */
    struct fus_supervisor *supervisor;
    int jobs;
};

__attribute__((unused)) static void fixture_must(int rc, const struct fus_error *err)
{
    if (rc)
        fail_msg("%s: %s", fus_error_info(rc)->name, err->detail);
}

__attribute__((unused)) static int fixture_open(struct fixture *f)
{
    struct fus_error err = {.code = 0};
    char path[160];
    FUS_CLEANUP(fus_config_builder_free)
    struct fus_config_builder *builder = fus_config_builder_new();
    static const char *const settings[][2] = {{"queue.lease_seconds", "3s"},
                                              {"storage.min_free_bytes", "1"}};
    int rc = fus_config_builder_set(builder, "storage.data_dir", f->folder, "test", &err);
    for (size_t i = 0; rc == 0 && i < FUS_COUNT(settings); i++)
        rc = fus_config_builder_set(builder, settings[i][0], settings[i][1], "test", &err);
    if (rc == 0)
        rc = fus_config_builder_finish(builder, &f->config, &err);
    if (rc == 0)
        rc = fus_storage_open(f->config, &f->storage, &err);
    snprintf(path, sizeof(path), "%s/store.db", f->folder);
    if (rc == 0)
        rc = fus_store_open(path, &f->store, &err);
    f->metrics = fus_metrics_new();
    f->log = getenv("FUS_TEST_LOG") ? fus_log_new(2, FUS_LOG_DEBUG, "test") : NULL;
    if (rc)
        fprintf(stderr, "# %s\n", err.detail);
    return rc;
}

__attribute__((unused)) static void fixture_close(struct fixture *f)
{
    fus_supervisor_stop(FUS_TAKE(f->supervisor), 0);
    fus_store_free(FUS_TAKE(f->store));
    fus_storage_free(FUS_TAKE(f->storage));
    fus_config_free(FUS_TAKE(f->config));
    fus_metrics_free(FUS_TAKE(f->metrics));
    fus_log_free(FUS_TAKE(f->log));
}

__attribute__((unused)) static int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/fus-worker-XXXXXX");
    if (!mkdtemp(f->folder) || fixture_open(f))
        return -1;
    *state = f;
    return 0;
}

__attribute__((unused)) static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    fus_fs_remove_tree(f->folder, NULL);
    free(f);
    return 0;
}

__attribute__((unused)) static void write_input(struct fixture *f, const char *name,
                                                const char *text)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/input/%s", f->folder, name);
    assert_int_equal(fus_fs_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

/* Queues a job whose target holds `behaviour`. */
__attribute__((unused)) static void submit_with(struct fixture *f, const char *behaviour,
                                                const char *parameters, int64_t timeout_seconds,
                                                char id[FUS_ID_SIZE])
{
    char name[32], request[512];
    snprintf(name, sizeof(name), "target_%d", f->jobs++);
    write_input(f, name, behaviour);
    snprintf(request, sizeof(request),
             "{\"sources\":[],\"target\":{\"kind\":\"path\",\"value\":\"%s\"},"
             "\"output_format\":null,\"parameters\":%s}",
             name, parameters);
    struct fus_job job = {.priority = 5, .max_attempts = 3, .timeout_seconds = timeout_seconds};
    fus_id_new("job", job.id);
    job.tenant = (char *)(uintptr_t) "default";
    job.created_us = fus_clock_real_us();
    job.request = request;
    job.metadata = (char *)(uintptr_t) "{}";
    struct fus_error err = {.code = 0};
    fixture_must(fus_store_insert(f->store, &job, 1000, &err), &err);
    fus_strlcpy(id, job.id, FUS_ID_SIZE);
    if (f->supervisor)
        fus_supervisor_wake(f->supervisor);
}

__attribute__((unused)) static void submit(struct fixture *f, const char *behaviour,
                                           char id[FUS_ID_SIZE])
{
    submit_with(f, behaviour, "{}", 60, id);
}

__attribute__((unused)) static enum fus_job_state state_of(struct fixture *f, const char *id)
{
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    struct fus_error err = {.code = 0};
    fixture_must(fus_store_get(f->store, NULL, id, &job, &err), &err);
    return job.state;
}

/* Waits until the job is in the state, or in an end; the job as it is then. */
__attribute__((unused)) static void await(struct fixture *f, const char *id,
                                          enum fus_job_state state, struct fus_job *job)
{
    struct fus_error err = {.code = 0};
    int64_t until_us = fus_clock_monotonic_us() + 20000000;
    for (;;) {
        fus_job_done(job);
        fixture_must(fus_store_get(f->store, NULL, id, job, &err), &err);
        if (job->state == state || fus_clock_monotonic_us() > until_us)
            break;
        if (fus_job_state_terminal(job->state))
            break;
        fus_clock_sleep_ms(5);
    }
    if (job->state != state)
        fail_msg("job is %s, not %s: %s", fus_job_state_name(job->state), fus_job_state_name(state),
                 job->error ? job->error : "");
}

/* Waits until the job is over and its folder is gone. */
__attribute__((unused)) static void await_end(struct fixture *f, const char *id,
                                              enum fus_job_state state, struct fus_job *job)
{
    char folder[192];
    await(f, id, state, job);
    snprintf(folder, sizeof(folder), "%s/temp/%s", f->folder, id);
    for (int i = 0; i < 400 && fus_fs_exists(folder); i++)
        fus_clock_sleep_ms(5);
    assert_false(fus_fs_exists(folder));
}

__attribute__((unused)) static char *read_result(struct fixture *f, const char *id)
{
    char path[192];
    void *bytes = NULL;
    size_t size;
    snprintf(path, sizeof(path), "%s/output/%s.png", f->folder, id);
    struct fus_error err = {.code = 0};
    fixture_must(fus_fs_read(path, 65536, &bytes, &size, &err), &err);
    return bytes;
}

__attribute__((unused)) static void start_supervisor_with(struct fixture *f,
                                                          struct fus_supervisor_options options)
{
    options.config = f->config;
    options.store = f->store;
    options.storage = f->storage;
    options.metrics = f->metrics;
    options.log = f->log;
    options.executable = FUS_FAKE_CHILD;
    options.retry_base_ms = options.retry_base_ms ? options.retry_base_ms : 20;
    struct fus_error err = {.code = 0};
    fixture_must(fus_supervisor_start(&options, &f->supervisor, &err), &err);
}

__attribute__((unused)) static void start_supervisor(struct fixture *f)
{
    start_supervisor_with(f, (struct fus_supervisor_options){.hang_ms = 0});
}

#endif
