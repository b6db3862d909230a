#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/* Longer lines are cut into a valid object by dropping fields. */
#define LINE_MAX_BYTES 16384

static const char *const level_names[] = {"error", "warn", "info", "debug"};

struct fus_log {
    int fd;
    enum fus_log_level level;
    char component[32];
};

struct fus_log *fus_log_new(int fd, enum fus_log_level level, const char *component)
{
    struct fus_log *log = fus_calloc(1, sizeof(*log));
    if (log == NULL)
        return NULL;
    log->fd = fd;
    log->level = level;
    (void)fus_strlcpy(log->component, component != NULL ? component : "", sizeof(log->component));
    return log;
}

void fus_log_free(struct fus_log *log)
{
    fus_free(log);
}

bool fus_log_enabled(const struct fus_log *log, enum fus_log_level level)
{
    return log != NULL && level <= log->level;
}

bool fus_log_level_parse(const char *name, enum fus_log_level *out)
{
    for (size_t i = 0; i < FUS_COUNT(level_names); i++) {
        if (fus_str_equal(name, level_names[i])) {
            *out = (enum fus_log_level)i;
            return true;
        }
    }
    return false;
}

static void append_field(struct fus_str *line, const struct fus_log_field *field)
{
    fus_str_append_n(line, ",", 1);
    fus_str_json(line, field->name);
    fus_str_append_n(line, ":", 1);
    switch (field->type) {
    case FUS_FIELD_TEXT:
        fus_str_json(line, field->text);
        break;
    case FUS_FIELD_INT:
        fus_str_printf(line, "%lld", (long long)field->integer);
        break;
    case FUS_FIELD_DOUBLE:
        if (isfinite(field->real))
            fus_str_printf(line, "%.6g", field->real);
        else
            fus_str_append(line, "null");
        break;
    case FUS_FIELD_BOOL:
        fus_str_append(line, field->integer != 0 ? "true" : "false");
        break;
    }
}

static void write_line(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody is left to tell */
        text += written;
        length -= (size_t)written;
    }
}

void fus_log_write(struct fus_log *log, enum fus_log_level level, const char *message,
                   const struct fus_log_field *fields)
{
    if (!fus_log_enabled(log, level))
        return;
    char now[FUS_RFC3339_SIZE];
    fus_clock_rfc3339(fus_clock_real_us(), now);
    FUS_AUTO_STR struct fus_str line = {0};
    fus_str_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":", now, level_names[level]);
    fus_str_json(&line, message);
    fus_str_printf(&line, ",\"pid\":%ld", (long)getpid());
    if (log->component[0] != '\0') {
        fus_str_append(&line, ",\"component\":");
        fus_str_json(&line, log->component);
    }
    for (; fields != NULL && fields->name != NULL; fields++) {
        size_t before = line.length;
        append_field(&line, fields);
        if (line.length > LINE_MAX_BYTES) {
            line.length = before;
            break;
        }
    }
    fus_str_append(&line, "}\n");
    if (!line.failed)
        write_line(log->fd, line.text, line.length);
}

void fus_log_error(struct fus_log *log, const char *message, const struct fus_error *err)
{
    const struct fus_error_info *info = fus_error_info(err->code);
    enum fus_log_level level = FUS_LOG_ERROR;
    (void)fus_log_level_parse(info->log_level, &level);
    fus_log(log, level, message, FUS_F("code", info->name), FUS_F("detail", err->detail));
}
