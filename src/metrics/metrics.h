/* Counters, gauges and histograms with labels, and the Prometheus text exposition (0.0.4).
 * A registry is made in main and handed down. Thread-safe; updates do not allocate once the series
 * exists. The number of series of a family is capped (256): beyond that, updates go to one series whose
 * label values are "other". */
#ifndef FUS_METRICS_METRICS_H
#define FUS_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/str.h"

struct fus_metrics;
struct fus_metrics *fus_metrics_new(void);
void fus_metrics_free(struct fus_metrics *metrics);
FUS_CLEANUP_DEFINE(fus_metrics_free, struct fus_metrics *)

enum fus_metric_type { FUS_METRIC_COUNTER, FUS_METRIC_GAUGE, FUS_METRIC_HISTOGRAM };
struct fus_metric; /* a family */
/* label_names: NULL-terminated, at most 4, may be NULL. buckets: upper bounds, rising, for histograms.
 * The same name gives the same family. NULL out of memory. All strings are copied. */
struct fus_metric *fus_metrics_family(struct fus_metrics *metrics, enum fus_metric_type type,
                                      const char *name, const char *help,
                                      const char *const *label_names, const double *buckets,
                                      size_t bucket_count);
/* label_values: as many as names, or NULL without labels. A NULL metric is ignored. */
void fus_metric_add(struct fus_metric *metric, double value, const char *const *label_values);
void fus_metric_set(struct fus_metric *metric, double value, const char *const *label_values);
void fus_metric_observe(struct fus_metric *metric, double value, const char *const *label_values);
/* Buckets for request durations in seconds and for stage durations. */
extern const double fus_buckets_request[];
extern const size_t fus_buckets_request_count;
extern const double fus_buckets_stage[];
extern const size_t fus_buckets_stage_count;
/* Called before each exposition, e.g. to refresh gauges; at most 8. */
bool fus_metrics_on_collect(struct fus_metrics *metrics, void (*collect)(void *user), void *user);
void fus_metrics_expose(struct fus_metrics *metrics, struct fus_str *out);

#endif
