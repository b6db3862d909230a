#include "../cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/metrics.h"

static char *exposition(struct fus_metrics *metrics)
{
    struct fus_str out = {0};
    fus_metrics_expose(metrics, &out);
    char *text = fus_str_take(&out);
    assert_non_null(text);
    return text;
}

static void a_counter_counts_by_label(void **state)
{
    FUS_CLEANUP(fus_metrics_free) struct fus_metrics *metrics = fus_metrics_new();
    const char *const names[] = {"method", "code", NULL};
    struct fus_metric *requests = fus_metrics_family(metrics, FUS_METRIC_COUNTER, "requests_total",
                                                     "Requests.", names, NULL, 0);
    fus_metric_add(requests, 1, (const char *const[]){"GET", "200"});
    fus_metric_add(requests, 2, (const char *const[]){"GET", "200"});
    fus_metric_add(requests, 1, (const char *const[]){"POST", "202"});
    char *text = exposition(metrics);
    assert_non_null(strstr(text, "# TYPE requests_total counter\n"));
    assert_non_null(strstr(text, "requests_total{method=\"GET\",code=\"200\"} 3\n"));
    assert_non_null(strstr(text, "requests_total{method=\"POST\",code=\"202\"} 1\n"));
    free(text);
}

static void a_histogram_is_cumulative(void **state)
{
    FUS_CLEANUP(fus_metrics_free) struct fus_metrics *metrics = fus_metrics_new();
    const double buckets[] = {0.1, 1};
    struct fus_metric *seconds = fus_metrics_family(metrics, FUS_METRIC_HISTOGRAM, "seconds",
                                                    "Durations.", NULL, buckets, 2);
    fus_metric_observe(seconds, 0.1, NULL);
    fus_metric_observe(seconds, 0.5, NULL);
    fus_metric_observe(seconds, 7, NULL);
    char *text = exposition(metrics);
    assert_non_null(strstr(text, "seconds_bucket{le=\"0.1\"} 1\nseconds_bucket{le=\"1\"} 2\n"
                                 "seconds_bucket{le=\"+Inf\"} 3\nseconds_sum 7.5"));
    assert_non_null(strstr(text, "seconds_count 3\n"));
    free(text);
}

static void label_values_are_escaped(void **state)
{
    FUS_CLEANUP(fus_metrics_free) struct fus_metrics *metrics = fus_metrics_new();
    const char *const names[] = {"path", NULL};
    struct fus_metric *gauge =
        fus_metrics_family(metrics, FUS_METRIC_GAUGE, "g", "A gauge.", names, NULL, 0);
    fus_metric_set(gauge, 2.5, (const char *const[]){"a\"b\\c\nd"});
    char *text = exposition(metrics);
    assert_non_null(strstr(text, "g{path=\"a\\\"b\\\\c\\nd\"} 2.5\n"));
    free(text);
}

static void the_same_name_gives_the_same_family(void **state)
{
    FUS_CLEANUP(fus_metrics_free) struct fus_metrics *metrics = fus_metrics_new();
    assert_ptr_equal(fus_metrics_family(metrics, FUS_METRIC_GAUGE, "g", "A.", NULL, NULL, 0),
                     fus_metrics_family(metrics, FUS_METRIC_GAUGE, "g", "A.", NULL, NULL, 0));
}

static void too_many_series_go_to_other(void **state)
{
    FUS_CLEANUP(fus_metrics_free) struct fus_metrics *metrics = fus_metrics_new();
    const char *const names[] = {"id", NULL};
    struct fus_metric *counter =
        fus_metrics_family(metrics, FUS_METRIC_COUNTER, "c", "Many.", names, NULL, 0);
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        fus_metric_add(counter, 1, (const char *const[]){id});
    }
    char *text = exposition(metrics);
    assert_non_null(strstr(text, "c{id=\"255\"} 1\n"));
    assert_null(strstr(text, "c{id=\"256\"}"));
    assert_non_null(strstr(text, "c{id=\"other\"} 44\n"));
    free(text);
}

static void refresh(void *user)
{
    fus_metric_set(user, 42, NULL);
}

static void collectors_run_before_the_exposition(void **state)
{
    FUS_CLEANUP(fus_metrics_free) struct fus_metrics *metrics = fus_metrics_new();
    struct fus_metric *depth =
        fus_metrics_family(metrics, FUS_METRIC_GAUGE, "depth", "Depth.", NULL, NULL, 0);
    assert_true(fus_metrics_on_collect(metrics, refresh, depth));
    char *text = exposition(metrics);
    assert_non_null(strstr(text, "depth 42\n"));
    free(text);
    for (int i = 1; i < 8; i++)
        assert_true(fus_metrics_on_collect(metrics, refresh, depth));
    assert_false(fus_metrics_on_collect(metrics, refresh, depth));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_counts_by_label),
        cmocka_unit_test(a_histogram_is_cumulative),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(the_same_name_gives_the_same_family),
        cmocka_unit_test(too_many_series_go_to_other),
        cmocka_unit_test(collectors_run_before_the_exposition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
