#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define FAMILIES_MAX 64
#define NAME_MAX_LENGTH 160
#define WHY_MAX 64

struct family {
    char name[64];
    size_t counts[4];
    double worst, psnr; /* psnr: the lowest; NAN: none measured */
    char figure[128];   /* of the worst */
    char why[WHY_MAX];  /* something was not run */
};

struct miss {
    char name[NAME_MAX_LENGTH], figure[128];
};

struct parity_report {
    bool verbose, failed;
    struct family families[FAMILIES_MAX];
    size_t family_count;
    struct miss *misses;
    size_t miss_count;
};

struct parity_report *parity_report_new(bool verbose)
{
    struct parity_report *report = fus_calloc(1, sizeof(*report));
    if (report)
        report->verbose = verbose;
    return report;
}

void parity_report_free(struct parity_report *report)
{
    if (!report)
        return;
    fus_free(report->misses);
    fus_free(report);
}

static struct family *family_of(struct parity_report *report, const char *name)
{
    for (size_t i = 0; i < report->family_count; i++)
        if (fus_str_equal(report->families[i].name, name))
            return &report->families[i];
    if (report->family_count == FAMILIES_MAX) {
        report->failed = true;
        return NULL;
    }
    struct family *family = &report->families[report->family_count++];
    fus_strlcpy(family->name, name, sizeof family->name);
    family->psnr = NAN;
    return family;
}

static void add_miss(struct parity_report *report, const char *name, const char *figure)
{
    struct miss *more = fus_realloc(report->misses, report->miss_count + 1, sizeof *more);
    if (!more) {
        report->failed = true;
        return;
    }
    report->misses = more;
    struct miss *miss = &more[report->miss_count++];
    *miss = (struct miss){.name = ""};
    fus_strlcpy(miss->name, name, sizeof miss->name);
    fus_strlcpy(miss->figure, figure, sizeof miss->figure);
}

void parity_report_add(struct parity_report *report, const char *family, const char *name,
                       const struct parity_outcome *outcome)
{
    static const char *const words[] = {"ok  ", "MISS", "skip", "none"};
    struct family *to = family_of(report, family);
    if (!to)
        return;
    to->counts[outcome->state]++;
    if (report->verbose)
        printf("%s  %s: %s\n", words[outcome->state], name, outcome->figure);
    if (outcome->state == PARITY_MISSED)
        add_miss(report, name, outcome->figure);
    if (outcome->state == PARITY_SKIPPED || outcome->state == PARITY_NOT_BUILT) {
        fus_strlcpy(to->why, outcome->figure, sizeof to->why);
        return;
    }
    if (outcome->worst >= to->worst) {
        to->worst = outcome->worst;
        fus_strlcpy(to->figure, outcome->figure, sizeof to->figure);
    }
    if (!isnan(outcome->psnr) && (isnan(to->psnr) || outcome->psnr < to->psnr))
        to->psnr = outcome->psnr;
}

void parity_report_count(struct parity_report *report, const char *family, enum parity_state state,
                         size_t count, const char *why)
{
    struct family *to = family_of(report, family);
    if (!to)
        return;
    to->counts[state] += count;
    fus_strlcpy(to->why, why, sizeof to->why);
}

size_t parity_report_total(const struct parity_report *report, enum parity_state state)
{
    size_t total = 0;
    for (size_t i = 0; i < report->family_count; i++)
        total += report->families[i].counts[state];
    return total;
}

bool parity_report_passed(const struct parity_report *report)
{
    return !report->failed && parity_report_total(report, PARITY_MISSED) == 0 &&
           parity_report_total(report, PARITY_PASSED) > 0;
}

/* "47.3", "equal" or "-". */
static void psnr_text(double psnr, char out[16])
{
    if (isnan(psnr))
        fus_strlcpy(out, "-", 16);
    else if (isinf(psnr))
        fus_strlcpy(out, "equal", 16);
    else
        snprintf(out, 16, "%.1f", psnr);
}

static void print_family(const struct family *family)
{
    size_t run = family->counts[PARITY_PASSED] + family->counts[PARITY_MISSED];
    size_t skipped = family->counts[PARITY_SKIPPED];
    char psnr[16], state[160];
    psnr_text(family->psnr, psnr);
    if (family->counts[PARITY_NOT_BUILT])
        snprintf(state, sizeof state, "not built (%zu recorded)", family->counts[PARITY_NOT_BUILT]);
    else if (run)
        fus_strlcpy(state, family->figure, sizeof state);
    else
        fus_strlcpy(state, family->why, sizeof state);
    printf("%-34s %5zu %5zu %5zu  %8s  %s\n", family->name, run, skipped,
           family->counts[PARITY_MISSED], psnr, state);
}

void parity_report_print(const struct parity_report *report)
{
    printf("%-34s %5s %5s %5s  %8s  %s\n", "family", "run", "skip", "miss", "PSNR dB",
           "worst against its tolerance");
    for (size_t i = 0; i < report->family_count; i++)
        print_family(&report->families[i]);
    if (report->miss_count)
        printf("\nmissed:\n");
    for (size_t i = 0; i < report->miss_count; i++)
        printf("  %3zu  %s: %s\n", i + 1, report->misses[i].name, report->misses[i].figure);
    printf("\nparity: %zu passed, %zu missed, %zu skipped, %zu of processors that are not built\n",
           parity_report_total(report, PARITY_PASSED), parity_report_total(report, PARITY_MISSED),
           parity_report_total(report, PARITY_SKIPPED),
           parity_report_total(report, PARITY_NOT_BUILT));
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *parity_report_json(const struct parity_report *report)
{
    json_t *families = json_array(), *misses = json_array();
    for (size_t i = 0; i < report->family_count; i++) {
        const struct family *f = &report->families[i];
        json_array_append_new(
            families,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:s}", "family", f->name, "run",
                      (json_int_t)(f->counts[PARITY_PASSED] + f->counts[PARITY_MISSED]), "skipped",
                      (json_int_t)f->counts[PARITY_SKIPPED], "missed",
                      (json_int_t)f->counts[PARITY_MISSED], "not_built",
                      (json_int_t)f->counts[PARITY_NOT_BUILT], "worst", number(f->worst), "psnr",
                      number(f->psnr), "figure", f->figure));
    }
    for (size_t i = 0; i < report->miss_count; i++)
        json_array_append_new(misses, json_pack("{s:s, s:s}", "case", report->misses[i].name,
                                                "figure", report->misses[i].figure));
    return json_pack("{s:o, s:o, s:b}", "families", families, "misses", misses, "passed",
                     parity_report_passed(report));
}
