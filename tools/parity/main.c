/* parity: our pipeline against what FaceFusion 3.8 recorded. `make parity` builds and runs it.
 *
 * Ends with 0 when every case that ran is inside its tolerance. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "golden.h"
#include "whole.h"

static const char usage[] =
    "parity [--case TEXT] [--family TEXT] [--verbose] [--json] [--keep DIR] [--quick] [--opencv5]\n"
    "  --case TEXT    only cases with TEXT in their name\n"
    "  --family TEXT  only families with TEXT in their name (\"run\": whole runs)\n"
    "  --verbose      a line for every case\n"
    "  --json         the table as JSON\n"
    "  --keep DIR     whole runs: our picture, upstream's and their difference, to look at\n"
    "  --quick        recorded values and three whole runs of stills\n"
    "  --opencv5      whole runs with the OpenCV that FaceFusion pins, not the one that recorded "
    "them\n"
    "Recorded values: $FUS_GOLDEN_DIR, whole runs: $FUS_PARITY_DIR, media: $FUS_MEDIA_DIR;\n"
    "by default golden, parity and media in $FUS_SHARED_DIR or ../shared beside the sources.\n";

#define SKIPPED 77 /* what test runners take for it */

struct arguments {
    const char *only_case, *only_family, *keep;
    bool verbose, json, quick, opencv5;
};

/* false: not understood. */
static bool parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"case", required_argument, NULL, 'c'},
        {"family", required_argument, NULL, 'f'},
        {"keep", required_argument, NULL, 'k'},
        {"verbose", no_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'j'},
        {"quick", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {"opencv5", no_argument, NULL, '5'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            arguments->only_case = optarg;
            break;
        case 'f':
            arguments->only_family = optarg;
            break;
        case 'k':
            arguments->keep = optarg;
            break;
        case 'v':
            arguments->verbose = true;
            break;
        case 'j':
            arguments->json = true;
            break;
        case 'q':
            arguments->quick = true;
            break;
        case '5':
            arguments->opencv5 = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    return optind == argc;
}

static int run_all(const struct arguments *arguments, struct parity *run, struct fus_error *err)
{
    char golden[2048];
    FUS_AUTO_FREE struct parity_whole *whole = fus_calloc(1, sizeof *whole);
    char folder[2048], media[2048];
    if (!whole)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    fus_fixture_folder(FUS_SOURCE_ROOT, "FUS_GOLDEN_DIR", "golden", golden, sizeof golden);
    fus_fixture_folder(FUS_SOURCE_ROOT, "FUS_PARITY_DIR", "parity", folder, sizeof folder);
    fus_fixture_folder(FUS_SOURCE_ROOT, "FUS_MEDIA_DIR", "media", media, sizeof media);
    run->golden = golden;
    *whole = (struct parity_whole){.run = run,
                                   .folder = folder,
                                   .media = media,
                                   .keep = arguments->keep,
                                   .quick = arguments->quick,
                                   .opencv_5 = arguments->opencv5,
                                   .verbose = arguments->verbose};
    parity_golden(run);
    return parity_whole_runs(whole, err);
}

static int print(const struct arguments *arguments, const struct parity_report *report)
{
    if (!arguments->json) {
        parity_report_print(report);
    } else {
        json_t *json = parity_report_json(report);
        if (!json || json_dumpf(json, stdout, JSON_INDENT(2)) != 0)
            return 1;
        json_decref(json);
        putchar('\n');
    }
    if (fflush(stdout) != 0)
        return 1;
    if (arguments->quick && parity_report_total(report, PARITY_PASSED) == 0 &&
        parity_report_total(report, PARITY_MISSED) == 0)
        return SKIPPED;
    return parity_report_passed(report) ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct fus_error err = {0};
    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    FUS_CLEANUP(parity_report_free)
    struct parity_report *report = parity_report_new(arguments.verbose && !arguments.json);
    FUS_AUTO_FREE struct parity *run = fus_calloc(1, sizeof *run);
    if (!report || !run) {
        fputs("parity: not enough memory\n", stderr);
        return 1;
    }
    run->report = report;
    run->only_case = arguments.only_case;
    run->only_family = arguments.only_family;
    int rc = run_all(&arguments, run, &err);
    parity_forget(run);
    if (rc) {
        fprintf(stderr, "parity: %s\n", err.detail);
        return 1;
    }
    return print(&arguments, report);
}
