/* The store's SQL: every statement by name, and the schema's migrations. */
#ifndef FUS_JOBS_SQL_H
#define FUS_JOBS_SQL_H

#include <stddef.h>

enum fus_sql {
    FUS_SQL_BEGIN,
    FUS_SQL_COMMIT,
    FUS_SQL_ROLLBACK,
    FUS_SQL_PING_WRITE,
    FUS_SQL_PING_READ,
    FUS_SQL_INSERT,
    FUS_SQL_INSERT_BODY,
    FUS_SQL_GET,
    FUS_SQL_COUNT_OF,
    FUS_SQL_COUNTS,
    FUS_SQL_POSITION,
    FUS_SQL_LIST,              /* the four filters of a list, in this order: none, */
    FUS_SQL_LIST_TENANT,       /* tenant, */
    FUS_SQL_LIST_STATE,        /* state, */
    FUS_SQL_LIST_TENANT_STATE, /* both */
    FUS_SQL_IS_DUE,
    FUS_SQL_PROMOTE,
    FUS_SQL_CLAIM,
    FUS_SQL_RENEW,
    FUS_SQL_CONTROL,
    FUS_SQL_END,
    FUS_SQL_END_BODY,
    FUS_SQL_REQUEUE,
    FUS_SQL_CANCEL_REQUEST,
    FUS_SQL_CANCEL_READ,
    FUS_SQL_PURGE,
    FUS_SQL_LAPSED,
    FUS_SQL_LAPSED_PREFIX,
    FUS_SQL_EXPIRED,
    FUS_SQL_DELETE_ROWS,
    FUS_SQL_COUNT,
};
const char *fus_sql_text(enum fus_sql sql);

/* Number of columns that FUS_SQL_GET and the lists give, in the order of fus_job_from_row. */
enum { FUS_SQL_JOB_COLUMNS = 29 };

/* Script that brings a store from version `from` to from + 1; NULL when `from` is the newest. */
const char *fus_sql_migration(int from);

#endif
