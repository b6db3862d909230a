/* A store in a folder of its own, and jobs to put into it. */
#ifndef FUS_TESTS_JOBS_FIXTURE_H
#define FUS_TESTS_JOBS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "jobs/store_internal.h"

struct fixture {
    char folder[64];
    char path[96];
    struct fus_store *store;
};

__attribute__((unused)) static int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/fus-jobs-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
    struct fus_error err;
    if (fus_store_open(f->path, &f->store, &err)) {
        fprintf(stderr, "# %s\n", err.detail);
        return -1;
    }
    *state = f;
    return 0;
}

__attribute__((unused)) static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    fus_store_free(f->store);
    fus_fs_remove_tree(f->folder, NULL);
    free(f);
    return 0;
}

/* A queued job by number; the strings are constant, so it needs no fus_job_done. */
__attribute__((unused)) static struct fus_job sample_job(int number)
{
    struct fus_job job = {.priority = 5, .max_attempts = 3, .timeout_seconds = 60};
    snprintf(job.id, sizeof(job.id), "job_20261124_%08d", number);
    job.tenant = (char *)(uintptr_t) "default";
    job.created_us = 1000000 + number;
    job.request = (char *)(uintptr_t) "{\"sources\":[]}";
    job.metadata = (char *)(uintptr_t) "{}";
    job.request_id = (char *)(uintptr_t) "req_1";
    return job;
}

__attribute__((unused)) static void insert_job(struct fus_store *store, int number)
{
    struct fus_job job = sample_job(number);
    struct fus_error err;
    int rc = fus_store_insert(store, &job, INT64_MAX, &err);
    if (rc)
        fail_msg("insert: %s", err.detail);
}

__attribute__((unused)) static const char *sample_id(int number, char id[FUS_ID_SIZE])
{
    struct fus_job job = sample_job(number);
    fus_strlcpy(id, job.id, FUS_ID_SIZE);
    return id;
}

/* The number of the claimed job, or -1. */
__attribute__((unused)) static int claim_number(struct fus_store *store, int64_t now_us,
                                                int64_t *token)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    bool claimed = false;
    struct fus_error err;
    int rc = fus_store_claim(store, "local/1", 30000000, now_us, &job, &claimed, &err);
    if (rc)
        fail_msg("claim: %s", err.detail);
    if (!claimed)
        return -1;
    if (token)
        *token = job.fencing_token;
    return atoi(job.id + strlen("job_20261124_"));
}

__attribute__((unused)) static void get_job(struct fus_store *store, int number,
                                            struct fus_job *job)
{
    char id[FUS_ID_SIZE];
    struct fus_error err;
    if (fus_store_get(store, NULL, sample_id(number, id), job, &err))
        fail_msg("get: %s", err.detail);
}

#endif
