/* The state machine as triggers: generated from fus_job_may_move, so that no statement, no other
 * program and no hand at an SQL prompt can move a job along a way that the table does not have. */
#include "base/str.h"
#include "jobs/store_internal.h"

static void append_moves(struct fus_str *sql)
{
    const char *separator = "";
    for (int from = 0; from < FUS_JOB_STATES; from++) {
        for (int to = 0; to < FUS_JOB_STATES; to++) {
            if (!fus_job_may_move((enum fus_job_state)from, (enum fus_job_state)to))
                continue;
            fus_str_printf(sql, "%s('%s','%s')", separator,
                           fus_job_state_name((enum fus_job_state)from),
                           fus_job_state_name((enum fus_job_state)to));
            separator = ",";
        }
    }
}

int fus_store_guard(struct fus_db *db, struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str sql = {0};
    fus_str_printf(&sql,
                   "DROP TRIGGER IF EXISTS job_guard_insert; DROP TRIGGER IF EXISTS job_guard_move;"
                   "CREATE TRIGGER job_guard_insert BEFORE INSERT ON job WHEN new.state <> '%s'"
                   " BEGIN SELECT raise(ABORT, 'a job starts as %s'); END;",
                   fus_job_state_name(FUS_JOB_QUEUED), fus_job_state_name(FUS_JOB_QUEUED));
    fus_str_append(&sql, "CREATE TRIGGER job_guard_move BEFORE UPDATE OF state ON job"
                         " WHEN (old.state, new.state) NOT IN (VALUES ");
    append_moves(&sql);
    fus_str_append(&sql, ") BEGIN SELECT raise(ABORT, 'a job cannot move that way'); END;");
    if (sql.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the job store.");
    return fus_db_script(db, sql.text, err);
}
