#include "facefusion/output.h"

#include <string.h>

#include "base/macros.h"

/* Each bar's share of the whole; the checks before and after are ours. */
static const struct {
    const char *name;
    enum fus_step step;
    int from, to;
} bars[] = {
    {"analysing", FUS_STEP_MODERATING, 5, 12},
    {"extracting", FUS_STEP_PROCESSING_FRAMES, 12, 20},
    {"processing", FUS_STEP_PROCESSING_FRAMES, 20, 85},
    {"merging", FUS_STEP_ENCODING_OUTPUT, 85, 94},
};

/* Digits at the end of text[0..end), as a number; -1 if there are none or too many. */
static int64_t number_before(const char *text, size_t end)
{
    size_t begin = end;
    int64_t value = 0;
    while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9')
        begin--;
    if (begin == end || end - begin > 9)
        return -1;
    for (size_t i = begin; i < end; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* " 111/300 [" behind the bar. */
static void take_frames(const char *rest, struct fus_pipeline_progress *progress)
{
    const char *slash = strchr(rest, '/');
    if (slash == NULL)
        return;
    size_t digits = strspn(slash + 1, "0123456789");
    int64_t done = number_before(rest, (size_t)(slash - rest));
    int64_t total = number_before(slash + 1, digits);
    if (done < 0 || total < 0 || done > total)
        return;
    progress->frames_done = done;
    progress->frames_total = total;
}

/* true: the line is a bar. */
static bool take_bar(struct fus_facefusion_output *output, bool *moved)
{
    const char *mark = strstr(output->line, "%|");
    if (mark == NULL)
        return false;
    int64_t percent = number_before(output->line, (size_t)(mark - output->line));
    for (size_t i = 0; i < FUS_COUNT(bars); i++) {
        if (percent < 0 || percent > 100 || !fus_str_starts(output->line, bars[i].name))
            continue;
        int whole = bars[i].from + (int)((bars[i].to - bars[i].from) * percent / 100);
        output->progress.step = bars[i].step;
        output->progress.percent = FUS_MAX(output->progress.percent, whole);
        const char *bar_end = strchr(mark + 2, '|');
        if (bar_end != NULL && bars[i].step == FUS_STEP_PROCESSING_FRAMES)
            take_frames(bar_end, &output->progress);
        *moved = true;
    }
    return true;
}

/* Where the server's files lie is nobody's business: of a path its last part is left. */
static void keep(struct fus_facefusion_output *output)
{
    char *to = output->tail[output->lines % FUS_OUTPUT_TAIL];
    size_t used = 0, word = 0, room = sizeof(output->tail[0]) - 1;
    for (size_t i = 0; i < output->length; i++) {
        char c = output->line[i];
        bool printable = c >= ' ' && c <= '~';
        if (c == '/' || c == '\\') {
            used = word;
            continue;
        }
        if (used < room)
            to[used++] = printable ? c : '?';
        if (c == ' ' || c == '"' || c == '\'' || c == '=' || c == '(' || c == ':')
            word = used;
    }
    to[used] = '\0';
    output->lines += used > 0;
}

static bool end_line(struct fus_facefusion_output *output)
{
    bool moved = false;
    output->line[output->length] = '\0';
    if (output->length > 0 && !take_bar(output, &moved))
        keep(output);
    output->length = 0;
    return moved;
}

bool fus_facefusion_output_take(struct fus_facefusion_output *output, const char *bytes,
                                size_t size)
{
    bool moved = false;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r')
            moved = end_line(output) || moved;
        else if (output->length + 1 < sizeof(output->line) && bytes[i] != '\0')
            output->line[output->length++] = bytes[i];
    }
    return moved;
}

void fus_facefusion_output_end(struct fus_facefusion_output *output)
{
    (void)end_line(output);
}

void fus_facefusion_output_tail(const struct fus_facefusion_output *output, struct fus_str *out)
{
    size_t kept = FUS_MIN(output->lines, (size_t)FUS_OUTPUT_TAIL);
    for (size_t i = 0; i < kept; i++) {
        const char *line = output->tail[(output->lines - kept + i) % FUS_OUTPUT_TAIL];
        fus_str_printf(out, "%s%.100s", i > 0 ? " | " : "", line);
    }
}
