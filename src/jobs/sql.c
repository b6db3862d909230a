#include "jobs/sql.h"

/* Names of states stand here as literals, because a partial index is only used for a literal.
 * INDEXED BY names the partial index where the planner, which keeps no statistics here, would take
 * a general one and sort. The guard triggers, generated from the state machine (guard.c), refuse
 * any name or move that is not in the machine's table. */

/* Hot facts of a job stand apart from its texts, so that a renewal rewrites a short row however
 * long the request is. seq is the order of arrival. not_before_us is 0 as soon as a job is due:
 * jobs in back-off are in an index of their own and a claim never steps over them. */
static const char schema_1[] =
    "CREATE TABLE job ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " tenant TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " step TEXT NOT NULL,"
    " progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 100),"
    " priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),"
    " attempt INTEGER NOT NULL,"
    " max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),"
    " timeout_seconds INTEGER NOT NULL,"
    " created_us INTEGER NOT NULL,"
    " updated_us INTEGER NOT NULL,"
    " started_us INTEGER NOT NULL,"
    " finished_us INTEGER NOT NULL,"
    " expires_us INTEGER NOT NULL,"
    " cancel_requested_us INTEGER NOT NULL,"
    " not_before_us INTEGER NOT NULL,"
    " frames_done INTEGER NOT NULL,"
    " frames_total INTEGER NOT NULL,"
    " fps REAL NOT NULL,"
    " request_id TEXT,"
    " worker TEXT,"
    " fencing_token INTEGER NOT NULL,"
    " lease_until_us INTEGER NOT NULL,"
    " purged INTEGER NOT NULL CHECK (purged IN (0, 1))"
    ") STRICT;"
    "CREATE TABLE job_body ("
    " seq INTEGER PRIMARY KEY REFERENCES job (seq) ON DELETE CASCADE,"
    " request TEXT,"
    " metadata TEXT,"
    " warnings TEXT,"
    " result TEXT,"
    " error TEXT"
    ") STRICT;"
    "CREATE INDEX job_ready ON job (priority DESC, seq)"
    " WHERE state = 'queued' AND not_before_us = 0;"
    "CREATE INDEX job_delayed ON job (not_before_us) WHERE state = 'queued' AND not_before_us > 0;"
    "CREATE INDEX job_leased ON job (lease_until_us) WHERE state = 'processing';"
    "CREATE INDEX job_by_created ON job (created_us, id);"
    "CREATE INDEX job_by_tenant ON job (tenant, created_us, id);"
    "CREATE INDEX job_by_state ON job (state, created_us, id);"
    "CREATE INDEX job_by_tenant_state ON job (tenant, state, created_us, id);"
    "CREATE INDEX job_expiring ON job (expires_us) WHERE expires_us > 0 AND purged = 0;"
    "CREATE INDEX job_finished ON job (finished_us)"
    " WHERE finished_us > 0 AND (state <> 'completed' OR purged = 1);"
    /* Counts are kept, not counted. */
    "CREATE TABLE job_count (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER job_count_insert AFTER INSERT ON job BEGIN"
    " INSERT INTO job_count VALUES (new.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;"
    "END;"
    "CREATE TRIGGER job_count_move AFTER UPDATE OF state ON job WHEN old.state <> new.state BEGIN"
    " UPDATE job_count SET n = n - 1 WHERE state = old.state;"
    " INSERT INTO job_count VALUES (new.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;"
    "END;"
    "CREATE TRIGGER job_count_delete AFTER DELETE ON job BEGIN"
    " UPDATE job_count SET n = n - 1 WHERE state = old.state;"
    "END;"
    /* How many jobs are ready, for each priority and each 1024 neighbours in order of arrival: a
     * place in a queue of 10^6 is the sum of a thousand small numbers. */
    "CREATE TABLE queue_bucket ("
    " priority INTEGER NOT NULL, bucket INTEGER NOT NULL, n INTEGER NOT NULL,"
    " PRIMARY KEY (priority, bucket)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER queue_bucket_insert AFTER INSERT ON job"
    " WHEN new.state = 'queued' AND new.not_before_us = 0 BEGIN"
    " INSERT INTO queue_bucket VALUES (new.priority, new.seq >> 10, 1)"
    "  ON CONFLICT DO UPDATE SET n = n + 1;"
    "END;"
    "CREATE TRIGGER queue_bucket_leave AFTER UPDATE OF state, not_before_us ON job"
    " WHEN old.state = 'queued' AND old.not_before_us = 0"
    " AND NOT (new.state = 'queued' AND new.not_before_us = 0) BEGIN"
    " UPDATE queue_bucket SET n = n - 1 WHERE priority = old.priority AND bucket = old.seq >> 10;"
    " DELETE FROM queue_bucket WHERE priority = old.priority AND bucket = old.seq >> 10 AND n <= 0;"
    "END;"
    "CREATE TRIGGER queue_bucket_enter AFTER UPDATE OF state, not_before_us ON job"
    " WHEN new.state = 'queued' AND new.not_before_us = 0"
    " AND NOT (old.state = 'queued' AND old.not_before_us = 0) BEGIN"
    " INSERT INTO queue_bucket VALUES (new.priority, new.seq >> 10, 1)"
    "  ON CONFLICT DO UPDATE SET n = n + 1;"
    "END;"
    "CREATE TABLE ping (id INTEGER PRIMARY KEY CHECK (id = 1), at_us INTEGER NOT NULL) STRICT;"
    "INSERT INTO ping VALUES (1, 0);";

static const char *const migrations[] = {schema_1};

#define JOB_COLUMNS(request)                                                                       \
    "j.id, j.tenant, j.state, j.step, j.progress, j.priority, j.attempt, j.max_attempts,"          \
    " j.timeout_seconds, j.created_us, j.updated_us, j.started_us, j.finished_us, j.expires_us,"   \
    " j.cancel_requested_us, j.not_before_us, j.frames_done, j.frames_total, j.fps, j.request_id," \
    " j.worker, j.fencing_token, j.lease_until_us, j.purged, b.metadata, b.warnings, b.result,"    \
    " b.error, " request
#define JOB_TABLES " FROM job j LEFT JOIN job_body b ON b.seq = j.seq"
#define LIST(where)                                                              \
    "SELECT " JOB_COLUMNS("NULL") JOB_TABLES                                     \
        " WHERE " where " (j.created_us, j.id) < (?3, ?4) AND j.created_us > ?5" \
        " ORDER BY j.created_us DESC, j.id DESC LIMIT ?6"

static const char *const texts[FUS_SQL_COUNT] = {
    [FUS_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [FUS_SQL_COMMIT] = "COMMIT",
    [FUS_SQL_ROLLBACK] = "ROLLBACK",
    [FUS_SQL_PING_WRITE] = "UPDATE ping SET at_us = ?1 WHERE id = 1",
    [FUS_SQL_PING_READ] = "SELECT at_us FROM ping WHERE id = 1",
    [FUS_SQL_INSERT] =
        "INSERT INTO job (id, tenant, state, step, progress, priority, attempt, max_attempts,"
        " timeout_seconds, created_us, updated_us, started_us, finished_us, expires_us,"
        " cancel_requested_us, not_before_us, frames_done, frames_total, fps, request_id, worker,"
        " fencing_token, lease_until_us, purged)"
        " VALUES (?1, ?2, 'queued', 'queued', 0, ?3, 0, ?4, ?5, ?6, ?6, 0, 0, 0, 0, 0, 0, 0, 0, ?7,"
        " NULL, 0, 0, 0)",
    [FUS_SQL_INSERT_BODY] = "INSERT INTO job_body (seq, request, metadata, warnings)"
                            " VALUES (last_insert_rowid(), ?1, ?2, ?3)",
    [FUS_SQL_GET] = "SELECT " JOB_COLUMNS("b.request") JOB_TABLES " WHERE j.id = ?1",
    [FUS_SQL_COUNT_OF] = "SELECT n FROM job_count WHERE state = ?1",
    [FUS_SQL_COUNTS] = "SELECT state, n FROM job_count",
    [FUS_SQL_POSITION] =
        "SELECT 1"
        " + coalesce((SELECT sum(n) FROM queue_bucket WHERE priority > j.priority), 0)"
        " + coalesce((SELECT sum(n) FROM queue_bucket"
        "             WHERE priority = j.priority AND bucket < j.seq >> 10), 0)"
        " + (SELECT count(*) FROM job r WHERE r.state = 'queued' AND r.not_before_us = 0"
        "    AND r.priority = j.priority AND r.seq >= (j.seq >> 10) << 10 AND r.seq < j.seq)"
        " FROM job j WHERE j.id = ?1 AND j.state = 'queued'",
    /* ?1 is the tenant and ?2 the state, bound in all four, used or not. */
    [FUS_SQL_LIST] = LIST(""),
    [FUS_SQL_LIST_TENANT] = LIST("j.tenant = ?1 AND"),
    [FUS_SQL_LIST_STATE] = LIST("j.state = ?2 AND"),
    [FUS_SQL_LIST_TENANT_STATE] = LIST("j.tenant = ?1 AND j.state = ?2 AND"),
    [FUS_SQL_IS_DUE] = "SELECT EXISTS (SELECT 1 FROM job INDEXED BY job_ready"
                       "               WHERE state = 'queued' AND not_before_us = 0)"
                       " OR EXISTS (SELECT 1 FROM job INDEXED BY job_delayed"
                       "            WHERE state = 'queued' AND not_before_us > 0"
                       "            AND not_before_us <= ?1)",
    [FUS_SQL_PROMOTE] = "UPDATE job SET not_before_us = 0 WHERE seq IN (SELECT seq FROM job"
                        " INDEXED BY job_delayed"
                        " WHERE state = 'queued' AND not_before_us > 0 AND not_before_us <= ?1"
                        " ORDER BY not_before_us LIMIT 256)",
    [FUS_SQL_CLAIM] =
        "UPDATE job SET state = 'processing', step = 'fetching_inputs', progress = 0,"
        " attempt = attempt + 1, fencing_token = fencing_token + 1, worker = ?1,"
        " lease_until_us = ?2, started_us = ?3, updated_us = ?3, frames_done = 0, frames_total = 0,"
        " fps = 0"
        " WHERE seq = (SELECT seq FROM job INDEXED BY job_ready"
        "              WHERE state = 'queued' AND not_before_us = 0"
        "              ORDER BY priority DESC, seq LIMIT 1)"
        " RETURNING id",
    /* Progress never falls within an attempt, whatever a worker says. */
    [FUS_SQL_RENEW] =
        "UPDATE job SET lease_until_us = ?3, updated_us = ?4, step = coalesce(?5, step),"
        " progress = max(progress, ?6), frames_done = iif(?5 IS NULL, frames_done, ?7),"
        " frames_total = iif(?5 IS NULL, frames_total, ?8), fps = iif(?5 IS NULL, fps, ?9)"
        " WHERE id = ?1 AND state = 'processing' AND fencing_token = ?2"
        " RETURNING cancel_requested_us",
    [FUS_SQL_CONTROL] = "SELECT seq, state, tenant, fencing_token, cancel_requested_us, attempt,"
                        " max_attempts FROM job WHERE id = ?1",
    [FUS_SQL_END] =
        "UPDATE job SET state = ?2, step = CASE ?2 WHEN 'completed' THEN 'done' ELSE step END,"
        " progress = CASE ?2 WHEN 'completed' THEN 100 ELSE progress END, finished_us = ?3,"
        " updated_us = ?3, expires_us = ?4, worker = NULL, lease_until_us = 0, not_before_us = 0"
        " WHERE seq = ?1",
    [FUS_SQL_END_BODY] = "UPDATE job_body SET result = ?2, error = ?3,"
                         " warnings = coalesce(?4, warnings) WHERE seq = ?1",
    [FUS_SQL_REQUEUE] =
        "UPDATE job SET state = 'queued', step = 'queued', progress = 0, attempt = ?2,"
        " not_before_us = ?3, updated_us = ?4, started_us = 0, worker = NULL, lease_until_us = 0,"
        " frames_done = 0, frames_total = 0, fps = 0 WHERE seq = ?1",
    [FUS_SQL_CANCEL_REQUEST] = "UPDATE job SET cancel_requested_us = ?2, updated_us = ?2"
                               " WHERE seq = ?1 AND cancel_requested_us = 0",
    [FUS_SQL_CANCEL_READ] = "SELECT cancel_requested_us FROM job WHERE id = ?1",
    [FUS_SQL_PURGE] = "UPDATE job SET purged = 1, updated_us = ?2 WHERE seq = ?1",
    [FUS_SQL_LAPSED] =
        "SELECT id FROM job INDEXED BY job_leased"
        " WHERE state = 'processing' AND lease_until_us < ?1 ORDER BY lease_until_us LIMIT 100",
    /* Only the running jobs are looked at, a handful. */
    [FUS_SQL_LAPSED_PREFIX] =
        "SELECT id FROM job INDEXED BY job_leased WHERE state = 'processing' AND (lease_until_us < "
        "?1"
        " OR substr(worker, 1, length(?2)) = ?2) ORDER BY lease_until_us LIMIT 100",
    [FUS_SQL_EXPIRED] = "SELECT id FROM job WHERE expires_us > 0 AND purged = 0"
                        " AND expires_us <= ?1 ORDER BY expires_us LIMIT ?2",
    /* A row whose result still lies in storage stays until that is purged. */
    [FUS_SQL_DELETE_ROWS] =
        "DELETE FROM job WHERE seq IN (SELECT seq FROM job WHERE finished_us > 0"
        " AND (state <> 'completed' OR purged = 1) AND finished_us < ?1"
        " ORDER BY finished_us LIMIT 500)",
};

const char *fus_sql_text(enum fus_sql sql)
{
    return texts[sql];
}

const char *fus_sql_migration(int from)
{
    int newest = (int)(sizeof(migrations) / sizeof(migrations[0]));
    return from >= 0 && from < newest ? migrations[from] : NULL;
}
