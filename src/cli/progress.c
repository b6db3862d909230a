#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"

#define BAR 30
#define LINE_EVERY 10 /* percent, where there is no terminal */

void fus_cli_progress_init(struct fus_cli_progress *view, FILE *out, bool quiet)
{
    *view = (struct fus_cli_progress){.out = out, .quiet = quiet, .last_percent = -1};
    view->terminal = isatty(fileno(out)) == 1;
}

static void describe(char *out, size_t size, const char *prefix, const char *step,
                     int64_t frames_done, int64_t frames_total, double fps)
{
    char words[32];
    (void)fus_strlcpy(words, step, sizeof(words));
    for (char *c = words; *c != '\0'; c++) {
        if (*c == '_')
            *c = ' ';
    }
    int used = snprintf(out, size, "%s%s", prefix, words);
    if (frames_total > 1 && used > 0 && (size_t)used < size)
        used += snprintf(out + used, size - (size_t)used, ", frame %" PRId64 " of %" PRId64,
                         frames_done, frames_total);
    if (fps > 0 && used > 0 && (size_t)used < size)
        (void)snprintf(out + used, size - (size_t)used, ", %.1f/s", fps);
}

void fus_cli_progress_show(struct fus_cli_progress *view, int percent, const char *step,
                           int64_t frames_done, int64_t frames_total, double fps)
{
    char text[120];
    if (view->quiet)
        return;
    percent = FUS_CLAMP(percent, 0, 100);
    describe(text, sizeof(text), view->prefix, step, frames_done, frames_total, fps);
    if (view->terminal) {
        char bar[BAR + 1];
        int filled = percent * BAR / 100;
        memset(bar, '#', (size_t)filled);
        memset(bar + filled, '.', (size_t)(BAR - filled));
        bar[BAR] = '\0';
        /* Clear to the end of the line: what stood there may have been longer. */
        (void)fprintf(view->out, "\r[%s] %3d%% %s\x1b[K", bar, percent, text);
        (void)fflush(view->out);
        view->drawn = true;
        return;
    }
    bool steps = view->prefix[0] == '\0';
    bool news = (steps && strcmp(view->last_step, step) != 0) || view->last_percent < 0 ||
                percent >= view->last_percent + LINE_EVERY;
    if (!news)
        return;
    (void)fprintf(view->out, "%3d%% %s\n", percent, text);
    view->last_percent = percent;
    (void)fus_strlcpy(view->last_step, step, sizeof(view->last_step));
}

void fus_cli_progress_clear(struct fus_cli_progress *view)
{
    if (view->drawn)
        (void)fputs("\r\x1b[K", view->out);
    view->drawn = false;
}
