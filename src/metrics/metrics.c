#include "metrics/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define LABELS_MAX 4
#define SERIES_MAX 256
#define COLLECTORS_MAX 8

const double fus_buckets_request[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                      0.25,  0.5,    1,     2.5,  5,     10,   30};
const size_t fus_buckets_request_count = FUS_COUNT(fus_buckets_request);
const double fus_buckets_stage[] = {0.01, 0.05, 0.1, 0.25, 0.5, 1,   2.5, 5,
                                    10,   30,   60,  120,  300, 900, 3600};
const size_t fus_buckets_stage_count = FUS_COUNT(fus_buckets_stage);

/* One set of label values. Histograms: counts[i] is the number at or below bound i, not cumulative;
 * the last one is +Inf. */
struct series {
    char *labels[LABELS_MAX];
    double value; /* counter, gauge; histogram: sum */
    uint64_t *counts;
};

struct fus_metric {
    struct fus_metrics *owner;
    struct fus_metric *next;
    enum fus_metric_type type;
    char *name, *help;
    char *label_names[LABELS_MAX];
    size_t label_count;
    double *buckets;
    size_t bucket_count;
    struct series *series[SERIES_MAX + 1]; /* the last slot is for "other" */
    size_t series_count;
};

struct fus_metrics {
    pthread_mutex_t lock; /* guards everything below and every series */
    struct fus_metric *first, *last;
    struct {
        void (*call)(void *user);
        void *user;
    } collectors[COLLECTORS_MAX];
    size_t collector_count;
};

static void series_free(struct series *series)
{
    if (series == NULL)
        return;
    for (size_t i = 0; i < LABELS_MAX; i++)
        fus_free(series->labels[i]);
    fus_free(series->counts);
    fus_free(series);
}

static void family_free(struct fus_metric *metric)
{
    if (metric == NULL)
        return;
    for (size_t i = 0; i < metric->series_count; i++)
        series_free(metric->series[i]);
    for (size_t i = 0; i < LABELS_MAX; i++)
        fus_free(metric->label_names[i]);
    fus_free(metric->buckets);
    fus_free(metric->name);
    fus_free(metric->help);
    fus_free(metric);
}

struct fus_metrics *fus_metrics_new(void)
{
    struct fus_metrics *metrics = fus_calloc(1, sizeof(*metrics));
    if (metrics != NULL && pthread_mutex_init(&metrics->lock, NULL) != 0) {
        fus_free(metrics);
        return NULL;
    }
    return metrics;
}

void fus_metrics_free(struct fus_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (struct fus_metric *metric = metrics->first; metric != NULL;) {
        struct fus_metric *next = metric->next;
        family_free(metric);
        metric = next;
    }
    pthread_mutex_destroy(&metrics->lock);
    fus_free(metrics);
}

static struct fus_metric *family_new(enum fus_metric_type type, const char *name, const char *help,
                                     const char *const *label_names, const double *buckets,
                                     size_t bucket_count)
{
    struct fus_metric *metric = fus_calloc(1, sizeof(*metric));
    if (metric == NULL)
        return NULL;
    metric->type = type;
    metric->name = fus_strdup(name);
    metric->help = fus_strdup(help);
    bool ok = metric->name != NULL && metric->help != NULL;
    for (; ok && label_names != NULL && label_names[metric->label_count] != NULL &&
           metric->label_count < LABELS_MAX;
         metric->label_count++) {
        char *copy = fus_strdup(label_names[metric->label_count]);
        metric->label_names[metric->label_count] = copy;
        ok = copy != NULL;
    }
    if (ok && type == FUS_METRIC_HISTOGRAM) {
        metric->bucket_count = bucket_count;
        metric->buckets = fus_memdup(buckets, bucket_count * sizeof(*buckets));
        ok = metric->buckets != NULL;
    }
    if (!ok) {
        family_free(metric);
        return NULL;
    }
    return metric;
}

struct fus_metric *fus_metrics_family(struct fus_metrics *metrics, enum fus_metric_type type,
                                      const char *name, const char *help,
                                      const char *const *label_names, const double *buckets,
                                      size_t bucket_count)
{
    if (metrics == NULL)
        return NULL;
    pthread_mutex_lock(&metrics->lock);
    struct fus_metric *metric = metrics->first;
    while (metric != NULL && strcmp(metric->name, name) != 0)
        metric = metric->next;
    if (metric == NULL) {
        metric = family_new(type, name, help, label_names, buckets, bucket_count);
        if (metric != NULL) {
            metric->owner = metrics;
            if (metrics->last != NULL)
                metrics->last->next = metric;
            else
                metrics->first = metric;
            metrics->last = metric;
        }
    }
    pthread_mutex_unlock(&metrics->lock);
    return metric;
}

static struct series *series_new(const struct fus_metric *metric, const char *const *values)
{
    struct series *series = fus_calloc(1, sizeof(*series));
    bool ok = series != NULL;
    for (size_t i = 0; ok && i < metric->label_count; i++) {
        series->labels[i] = fus_strdup(values != NULL && values[i] != NULL ? values[i] : "");
        ok = series->labels[i] != NULL;
    }
    if (ok && metric->type == FUS_METRIC_HISTOGRAM) {
        series->counts = fus_calloc(metric->bucket_count + 1, sizeof(*series->counts));
        ok = series->counts != NULL;
    }
    if (!ok) {
        series_free(series);
        return NULL;
    }
    return series;
}

static struct series *find(const struct fus_metric *metric, const char *const *values)
{
    for (size_t i = 0; i < metric->series_count; i++) {
        bool same = true;
        for (size_t j = 0; same && j < metric->label_count; j++) {
            const char *value = values != NULL && values[j] != NULL ? values[j] : "";
            same = strcmp(metric->series[i]->labels[j], value) == 0;
        }
        if (same)
            return metric->series[i];
    }
    return NULL;
}

/* Lock held. NULL only out of memory: the update is lost, the program goes on. */
static struct series *find_or_add(struct fus_metric *metric, const char *const *values)
{
    static const char *const other[LABELS_MAX] = {"other", "other", "other", "other"};
    struct series *series = find(metric, values);
    if (series != NULL)
        return series;
    if (metric->series_count >= SERIES_MAX) {
        values = other;
        series = find(metric, values);
        if (series != NULL || metric->series_count > SERIES_MAX)
            return series;
    }
    series = series_new(metric, values);
    if (series != NULL)
        metric->series[metric->series_count++] = series;
    return series;
}

static void observe(const struct fus_metric *metric, struct series *series, double value)
{
    size_t i = 0;
    while (i < metric->bucket_count && value > metric->buckets[i])
        i++;
    series->counts[i]++;
    series->value += value;
}

enum update { UPDATE_ADD, UPDATE_SET, UPDATE_OBSERVE };

static void apply(struct fus_metric *metric, enum update update, double value,
                  const char *const *labels)
{
    if (metric == NULL || !isfinite(value))
        return;
    pthread_mutex_lock(&metric->owner->lock);
    struct series *series = find_or_add(metric, labels);
    if (series != NULL && metric->type == FUS_METRIC_HISTOGRAM)
        observe(metric, series, value);
    else if (series != NULL)
        series->value = update == UPDATE_ADD ? series->value + value : value;
    pthread_mutex_unlock(&metric->owner->lock);
}

void fus_metric_add(struct fus_metric *metric, double value, const char *const *label_values)
{
    apply(metric, UPDATE_ADD, value, label_values);
}

void fus_metric_set(struct fus_metric *metric, double value, const char *const *label_values)
{
    apply(metric, UPDATE_SET, value, label_values);
}

void fus_metric_observe(struct fus_metric *metric, double value, const char *const *label_values)
{
    apply(metric, UPDATE_OBSERVE, value, label_values);
}

bool fus_metrics_on_collect(struct fus_metrics *metrics, void (*collect)(void *user), void *user)
{
    pthread_mutex_lock(&metrics->lock);
    bool room = metrics->collector_count < COLLECTORS_MAX;
    if (room) {
        metrics->collectors[metrics->collector_count].call = collect;
        metrics->collectors[metrics->collector_count++].user = user;
    }
    pthread_mutex_unlock(&metrics->lock);
    return room;
}

static void append_escaped(struct fus_str *out, const char *text, bool quotes)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fus_str_append(out, "\\\\");
        else if (*text == '\n')
            fus_str_append(out, "\\n");
        else if (*text == '"' && quotes)
            fus_str_append(out, "\\\"");
        else
            fus_str_append_n(out, text, 1);
    }
}

/* {a="x",b="y",le="0.5"} or nothing. */
static void append_labels(struct fus_str *out, const struct fus_metric *metric,
                          const struct series *series, const char *le)
{
    if (metric->label_count == 0 && le == NULL)
        return;
    fus_str_append(out, "{");
    for (size_t i = 0; i < metric->label_count; i++) {
        fus_str_printf(out, "%s%s=\"", i > 0 ? "," : "", metric->label_names[i]);
        append_escaped(out, series->labels[i], true);
        fus_str_append(out, "\"");
    }
    if (le != NULL)
        fus_str_printf(out, "%sle=\"%s\"", metric->label_count > 0 ? "," : "", le);
    fus_str_append(out, "}");
}

static void append_histogram(struct fus_str *out, const struct fus_metric *metric,
                             const struct series *series)
{
    uint64_t total = 0;
    for (size_t i = 0; i <= metric->bucket_count; i++) {
        char le[32] = "+Inf";
        if (i < metric->bucket_count)
            snprintf(le, sizeof(le), "%g", metric->buckets[i]);
        total += series->counts[i];
        fus_str_printf(out, "%s_bucket", metric->name);
        append_labels(out, metric, series, le);
        fus_str_printf(out, " %llu\n", (unsigned long long)total);
    }
    fus_str_printf(out, "%s_sum", metric->name);
    append_labels(out, metric, series, NULL);
    fus_str_printf(out, " %.17g\n%s_count", series->value, metric->name);
    append_labels(out, metric, series, NULL);
    fus_str_printf(out, " %llu\n", (unsigned long long)total);
}

static void append_family(struct fus_str *out, const struct fus_metric *metric)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    fus_str_printf(out, "# HELP %s ", metric->name);
    append_escaped(out, metric->help, false);
    fus_str_printf(out, "\n# TYPE %s %s\n", metric->name, types[metric->type]);
    for (size_t i = 0; i < metric->series_count; i++) {
        const struct series *series = metric->series[i];
        if (metric->type == FUS_METRIC_HISTOGRAM) {
            append_histogram(out, metric, series);
            continue;
        }
        fus_str_append(out, metric->name);
        append_labels(out, metric, series, NULL);
        fus_str_printf(out, " %.17g\n", series->value);
    }
}

void fus_metrics_expose(struct fus_metrics *metrics, struct fus_str *out)
{
    /* Collectors set gauges, so they run without the lock; they are only ever added. */
    pthread_mutex_lock(&metrics->lock);
    size_t count = metrics->collector_count;
    pthread_mutex_unlock(&metrics->lock);
    for (size_t i = 0; i < count; i++)
        metrics->collectors[i].call(metrics->collectors[i].user);
    pthread_mutex_lock(&metrics->lock);
    for (const struct fus_metric *metric = metrics->first; metric != NULL; metric = metric->next)
        append_family(out, metric);
    pthread_mutex_unlock(&metrics->lock);
}
