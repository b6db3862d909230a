/* Ini files, read by inih line by line so that errors can name their line. */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "config/settings.h"

/* inih's buffer is ini_max_line (200) characters; a longer line would be cut in two and understood
 * wrongly, so it is refused here. */
struct reading {
    FILE *file;
    int line;
    bool too_long;
    int result;
    int (*each)(void *user, const char *name, const char *value, int line, struct fus_error *err);
    void *user;
    struct fus_error *err;
};

static char *read_line(char *text, int size, void *stream)
{
    struct reading *reading = stream;
    if (reading->result != 0 || reading->too_long || fgets(text, size, reading->file) == NULL)
        return NULL;
    reading->line++;
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] != '\n' && !feof(reading->file)) {
        reading->too_long = true;
        return NULL;
    }
    return text;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    char full[200];
    if (reading->result != 0)
        return 0;
    (void)snprintf(full, sizeof(full), "%s%s%s", section, *section != '\0' ? "." : "", name);
    reading->result = reading->each(reading->user, full, value, reading->line, reading->err);
    return reading->result == 0;
}

int fus_ini_read(const char *path,
                 int (*each)(void *user, const char *name, const char *value, int line,
                             struct fus_error *err),
                 void *user, struct fus_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return fus_error_set(err, FUS_E_NOT_FOUND, "%s: there is no such file", path);
    if (file == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s: %s", path, strerror(errno));
    struct reading reading = {.file = file, .each = each, .user = user, .err = err};
    int bad_line = ini_parse_stream(read_line, &reading, take, &reading);
    int read_error = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (reading.result != 0)
        return reading.result;
    if (read_error != 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s: %s", path, strerror(read_error));
    if (reading.too_long)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%s:%d: the line is too long; use the environment for long values",
                             path, reading.line);
    if (bad_line != 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%s:%d: this is neither [section] nor key = value", path,
                             bad_line > 0 ? bad_line : reading.line);
    return 0;
}
