/* Requests that wait for a job to change: one thread looks at their jobs, none of the server's
 * threads is held. Lock order: the waiters' lock is never held while a connection is resumed. */
#ifndef FUS_API_WAITERS_H
#define FUS_API_WAITERS_H

#include "api/http.h"
#include "jobs/store.h"

struct fus_waiters;
/* resume is called on the waiters' thread, once for each request that was added. */
int fus_waiters_new(struct fus_store *store, void (*resume)(void *exchange),
                    struct fus_waiters **waiters, struct fus_error *err) FUS_MUST_CHECK;
/* Everybody is resumed, and add refuses from now on. */
void fus_waiters_close(struct fus_waiters *waiters);
void fus_waiters_free(struct fus_waiters *waiters);

/* Room for one more? Counts as taken when true; then fus_waiters_add must follow. */
bool fus_waiters_reserve(struct fus_waiters *waiters) FUS_MUST_CHECK;
/* The request's `resumed`, `wait_over` are written before it is resumed. The request must live till
 * then. */
void fus_waiters_add(struct fus_waiters *waiters, struct fus_http_request *request,
                     const struct fus_http_response *response, void *exchange);

#endif
