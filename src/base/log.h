/* The log: one JSON object a line on a file descriptor (stderr by default).
 *
 *   fus_log(log, FUS_LOG_INFO, "job finished", FUS_F("job_id", id), FUS_F_INT("frames", 120));
 *
 * Every line has time, level, msg, pid; then the fields. Only cli, worker, api and jobs log; library
 * code returns errors. One write(2) a line, so lines of several processes do not mix. Thread-safe.
 * A NULL log drops everything. */
#ifndef FUS_BASE_LOG_H
#define FUS_BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

enum fus_log_level { FUS_LOG_ERROR, FUS_LOG_WARN, FUS_LOG_INFO, FUS_LOG_DEBUG };

struct fus_log_field {
    const char *name; /* NULL ends the list */
    enum { FUS_FIELD_TEXT, FUS_FIELD_INT, FUS_FIELD_DOUBLE, FUS_FIELD_BOOL } type;
    const char *text; /* NULL prints null */
    int64_t integer;
    double real;
};
#define FUS_F(n, v) ((struct fus_log_field){.name = (n), .type = FUS_FIELD_TEXT, .text = (v)})
#define FUS_F_INT(n, v) ((struct fus_log_field){.name = (n), .type = FUS_FIELD_INT, .integer = (v)})
#define FUS_F_REAL(n, v) ((struct fus_log_field){.name = (n), .type = FUS_FIELD_DOUBLE, .real = (v)})
#define FUS_F_BOOL(n, v) ((struct fus_log_field){.name = (n), .type = FUS_FIELD_BOOL, .integer = (v)})

struct fus_log;
/* fd stays the caller's. component ("server", "worker", ...) stands in each line; may be NULL. */
struct fus_log *fus_log_new(int fd, enum fus_log_level level, const char *component);
void fus_log_free(struct fus_log *log);
FUS_CLEANUP_DEFINE(fus_log_free, struct fus_log *)
bool fus_log_enabled(const struct fus_log *log, enum fus_log_level level);
bool fus_log_level_parse(const char *name, enum fus_log_level *out);

void fus_log_write(struct fus_log *log, enum fus_log_level level, const char *message,
                   const struct fus_log_field *fields);
#define fus_log(log, level, message, ...)                                                          \
    fus_log_write(log, level, message,                                                             \
                  (const struct fus_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = NULL}})
/* Logs an error's code and detail at its table's level. */
void fus_log_error(struct fus_log *log, const char *message, const struct fus_error *err);

#endif
