/* From the request in the store to a task whose files all lie in the job's own folder. */
#ifndef FUS_WORKER_STAGING_H
#define FUS_WORKER_STAGING_H

#include "config/config.h"
#include "jobs/job.h"
#include "storage/storage.h"
#include "worker/protocol.h"

/* Reads the request
 *   {"sources":[{"kind":"path","value":"a.jpg"}|{"kind":"upload","file":"source_0"}...],
 *    "target":{...}, "output_format":"mp4"|null, "parameters":{...},
 *    "engine":"facefusion" when it is not ours}
 * copies inputs named by path into the job's folder, finds uploads there (the api put them before
 * the job was queued). An output of an earlier attempt is removed. Blocks as long as copying takes.
 * Errors: those of fus_storage_open_input and fus_storage_stage; FUS_E_INTERNAL for a request that
 * is not one. *task is written only on success. */
int fus_stage_job(struct fus_storage *storage, const struct fus_config *config,
                  const struct fus_job *job, struct fus_task *task,
                  struct fus_error *err) FUS_MUST_CHECK;

#endif
