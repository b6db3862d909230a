/* fusiond models pull. */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/interrupt.h"
#include "cli/models.h"

#define PROGRAM "fusiond models pull"

static const struct fus_option own[] = {
    {"all-of", 0, FUS_OPTION_VALUE, "ROLE", "All models of a role: face_swapper, ..."},
    {"only", 0, FUS_OPTION_FLAG, NULL, "Just the named, not what their role works with"},
    {"accept-license", 0, FUS_OPTION_FLAG, NULL, "Accept licenses that are not free"},
    {"json", 0, FUS_OPTION_FLAG, NULL, "The outcome for machines"},
};

struct pull {
    struct fus_models_args args;
    struct fus_interrupt *interrupt;
    const struct fus_model *rows[FUS_FETCH_ITEMS_MAX]; /* all that has to be there */
    size_t row_count;
    struct fus_fetch_item *items; /* those that are not */
    size_t item_count;
    bool terminal;
    int64_t drawn_ms;
};

static int add_rows(struct pull *pull, const struct fus_model *const *rows, size_t count,
                    struct fus_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (rows[i]->builtin)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s is part of the program",
                                 rows[i]->id);
        rc = fus_models_plan(pull->args.models, rows[i], !pull->args.only, pull->rows,
                             FUS_COUNT(pull->rows), &pull->row_count, err);
    }
    return rc;
}

static int plan(struct pull *pull, struct fus_error *err)
{
    const struct fus_models_args *args = &pull->args;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < args->word_count; i++) {
        const struct fus_model *rows[16];
        size_t count = 0;
        rc = fus_models_named_or_fail(args->models, args->words[i], rows, FUS_COUNT(rows), &count,
                                      err);
        if (rc == 0)
            rc = add_rows(pull, rows, count, err);
    }
    size_t of_role = 0;
    for (size_t i = 0; rc == 0 && args->role != NULL && i < fus_models_count(args->models); i++) {
        const struct fus_model *model = fus_models_at(args->models, i);
        if (model->builtin || strcmp(model->role, args->role) != 0)
            continue;
        of_role++;
        rc = add_rows(pull, &model, 1, err);
    }
    if (rc == 0 && args->role != NULL && of_role == 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "there is no role \"%.60s\"",
                             args->role);
    return rc;
}

/* Licenses are shown before anything is brought, and asked for where they are not free. */
static int check_licenses(const struct pull *pull, struct fus_error *err)
{
    const struct fus_model *unaccepted = NULL;
    for (size_t i = 0; i < pull->row_count; i++) {
        const struct fus_model *model = pull->rows[i];
        if (!model->commercial_use && fus_models_commercial(pull->args.models))
            return fus_error_set(err, FUS_E_MODEL_LICENSE_BLOCKED,
                                 "model_license_blocked: %s is not for commercial use (license: "
                                 "%s), and policy.commercial is true",
                                 model->id, model->license);
        (void)fprintf(stderr, "%s (%s), license %s, by %s%s\n", model->id, model->role,
                      model->license, model->vendor,
                      model->commercial_use ? "" : ", not for commercial use");
        if (!model->free_license && unaccepted == NULL)
            unaccepted = model;
    }
    if (unaccepted != NULL && !pull->args.accept_license)
        return fus_error_set(err, FUS_E_MODEL_LICENSE_BLOCKED,
                             "the license of %s (%s) is not a free one; if you may use what is "
                             "listed above: --accept-license",
                             unaccepted->id, unaccepted->license);
    return 0;
}

static bool cancelled(void *user)
{
    const struct pull *pull = user;
    return fus_interrupt_seen(pull->interrupt);
}

static void draw(struct pull *pull, const struct fus_fetch_item *items, size_t count)
{
    enum { BAR = 30 };
    int64_t now = fus_clock_monotonic_us() / 1000, done = 0, total = 0;
    size_t finished = 0, known = 0;
    if (!pull->terminal || now - pull->drawn_ms < 200)
        return;
    pull->drawn_ms = now;
    for (size_t i = 0; i < count; i++) {
        finished += items[i].finished;
        known += items[i].total > 0;
        done += items[i].done;
        total += FUS_MAX(items[i].total, items[i].done);
    }
    char bar[BAR + 1];
    int filled = total > 0 ? (int)(done * BAR / total) : 0;
    memset(bar, '#', (size_t)filled);
    memset(bar + filled, '.', (size_t)(BAR - filled));
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r[%s] %3d%% %zu of %zu files, %.1f of %.1f%s MiB\x1b[K", bar,
                  total > 0 ? (int)(done * 100 / total) : 0, finished, count,
                  (double)done / (1 << 20), (double)total / (1 << 20), known < count ? "+" : "");
    (void)fflush(stderr);
}

static void progress(void *user, const struct fus_fetch_item *items, size_t count,
                     const struct fus_fetch_item *item)
{
    struct pull *pull = user;
    if (item == NULL) {
        draw(pull, items, count);
        return;
    }
    if (pull->terminal)
        (void)fputs("\r\x1b[K", stderr);
    if (item->rc == 0)
        (void)fprintf(stderr, "%s: installed, %.1f MiB\n", item->model->file,
                      (double)item->total / (1 << 20));
    else
        (void)fprintf(stderr, "%s: %s: %s\n", item->model->file, fus_error_info(item->rc)->name,
                      item->err.detail);
}

/* What is there and right needs no bringing. */
static int choose_items(struct pull *pull, struct fus_error *err)
{
    pull->items = fus_calloc(pull->row_count + 1, sizeof(*pull->items));
    if (pull->items == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    for (size_t i = 0; i < pull->row_count; i++) {
        struct fus_model_facts facts;
        const struct fus_model *model = pull->rows[i];
        fus_models_facts(pull->args.models, model, &facts);
        bool good = facts.state == FUS_MODEL_VERIFIED ||
                    (facts.state == FUS_MODEL_UNVERIFIED &&
                     fus_models_verify(pull->args.models, model, NULL) == 0);
        if (good)
            (void)fprintf(stderr, "%s: is there\n", model->file);
        else
            pull->items[pull->item_count++].model = model;
    }
    return 0;
}

static int lock(struct pull *pull, int *fd, struct fus_error *err)
{
    bool said = false;
    for (;;) {
        int rc = fus_models_lock(pull->args.config->models_dir, fd, err);
        if (rc != FUS_E_CONFLICT)
            return rc;
        if (!said)
            (void)fprintf(stderr, PROGRAM ": %s; waiting\n", err->detail);
        said = true;
        if (fus_interrupt_sleep(pull->interrupt, 200))
            return fus_error_set(err, FUS_E_CANCELLED, "stopped");
    }
}

static int bring(struct pull *pull, struct fus_error *err)
{
    FUS_AUTO_FD int held = -1;
    int rc = lock(pull, &held, err);
    if (rc == 0)
        rc = choose_items(pull, err);
    const struct fus_config *config = pull->args.config;
    const struct fus_fetch fetch = {
        .folder = config->models_dir,
        .base_urls = config->base_urls,
        .connections = (int)config->download_connections,
        .stall_ms = config->stall_seconds * 1000,
        .cancelled = cancelled,
        .progress = progress,
        .user = pull,
    };
    if (rc == 0)
        rc = fus_fetch_all(&fetch, pull->items, pull->item_count, err);
    if (pull->terminal)
        (void)fputs("\r\x1b[K", stderr);
    for (size_t i = 0; rc == 0 && i < pull->item_count; i++) {
        if (pull->items[i].rc != 0)
            rc = fus_error_set(err, pull->items[i].rc, "%s: %s", pull->items[i].model->id,
                               pull->items[i].err.detail);
    }
    return rc;
}

static void print_json(const struct pull *pull)
{
    json_t *list = json_array();
    for (size_t i = 0; i < pull->row_count; i++) {
        const struct fus_fetch_item *item = NULL;
        for (size_t k = 0; k < pull->item_count; k++) {
            if (pull->items[k].model == pull->rows[i])
                item = &pull->items[k];
        }
        json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "id", pull->rows[i]->id, "role",
                                pull->rows[i]->role, "file", pull->rows[i]->file, "result",
                                item == NULL      ? "present"
                                : !item->finished ? "unfinished"
                                : item->rc == 0   ? "installed"
                                                  : "failed");
        if (item != NULL && item->err.code != 0 && item->rc != 0)
            json_object_set_new(row, "error",
                                json_pack("{s:s, s:s}", "code", fus_error_info(item->rc)->name,
                                          "detail", item->err.detail));
        json_array_append_new(list, row);
    }
    json_t *root = json_pack("{s:o}", "models", list);
    char *text = json_dumps(root, JSON_INDENT(2));
    (void)printf("%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(root);
}

static int pull_all(struct pull *pull)
{
    struct fus_error err = {0};
    int rc = plan(pull, &err);
    if (rc == 0)
        rc = check_licenses(pull, &err);
    if (rc == 0)
        rc = fus_interrupt_start(FUS_EXIT_INTERRUPTED, &pull->interrupt, &err);
    if (rc == 0)
        rc = bring(pull, &err);
    if (pull->args.json && pull->items != NULL)
        print_json(pull);
    if (rc == 0)
        return FUS_EXIT_OK;
    (void)fus_cli_failure(PROGRAM, &err);
    return rc == FUS_E_CANCELLED ? FUS_EXIT_INTERRUPTED : FUS_EXIT_FAILED;
}

int fus_cli_models_pull(int argc, char **argv)
{
    static const struct fus_usage usage = {
        PROGRAM, "ID... [options]",
        "Downloads models and what they work with: detector, landmarker, recognizer, content "
        "gate.\n"
        "An interrupted download goes on where it ended. Exit status: 0 all is there, 1 something "
        "is not, 130 interrupted.",
        NULL, 0};
    struct fus_error err = {0};
    struct pull *pull = fus_calloc(1, sizeof(*pull));
    if (pull == NULL)
        return FUS_EXIT_FAILED;
    /* A limit on the size of files is to be an error of write(2). */
    (void)signal(SIGXFSZ, SIG_IGN);
    pull->terminal = isatty(STDERR_FILENO) == 1;
    int code = fus_models_args_read(&pull->args, &usage, own, FUS_COUNT(own), argc, argv);
    if (code != 0) {
        code = fus_models_exit(code);
    } else if (pull->args.word_count == 0 && pull->args.role == NULL) {
        (void)fus_error_set(&err, FUS_E_INVALID_PARAMETER, "which model? or --all-of ROLE");
        code = fus_cli_usage_error(PROGRAM, &err);
    } else {
        code = pull_all(pull);
    }
    fus_interrupt_stop(pull->interrupt);
    fus_free(pull->items);
    fus_models_args_done(&pull->args);
    fus_free(pull);
    return code;
}
