/* One end of the socket between supervisor and worker: JSON objects, one a line, each numbered.
 *
 * Every message carries "seq", 1 for the first and one more for each that follows, so that a lost
 * or repeated one is noticed. Lines are capped; a longer one, bad JSON, a wrong number or a message
 * that is no object is a breach of the protocol, after which the channel is of no more use. */
#ifndef FUS_WORKER_CHANNEL_H
#define FUS_WORKER_CHANNEL_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "base/macros.h"

/* To the worker: a job with its parameters. From the worker: short, and hostile for all we know. */
#define FUS_CHANNEL_TO_WORKER_MAX ((size_t)4 << 20)
#define FUS_CHANNEL_FROM_WORKER_MAX ((size_t)64 << 10)

struct fus_channel;
/* Takes the fd over (closed by free; on failure it stays the caller's). Sending gives up after
 * send_timeout_ms. receive_max: longest line taken. */
int fus_channel_new(int fd, size_t receive_max, int64_t send_timeout_ms,
                    struct fus_channel **channel, struct fus_error *err) FUS_MUST_CHECK;
void fus_channel_free(struct fus_channel *channel);
FUS_CLEANUP_DEFINE(fus_channel_free, struct fus_channel *)
int fus_channel_fd(const struct fus_channel *channel);

/* Numbers the object and sends it whole. The object stays the caller's; NULL (it could not be
 * built) is FUS_E_OUT_OF_MEMORY. Any thread. FUS_E_WORKER_CRASHED: the other end is gone or does
 * not read. */
int fus_channel_send(struct fus_channel *channel, json_t *message,
                     struct fus_error *err) FUS_MUST_CHECK;

/* One thread. 1: *message is a new reference; 0: no whole line yet; FUS_E_WORKER_CRASHED: the other
 * end is gone; FUS_E_INVALID_REQUEST: a breach of the protocol. Never blocks. */
int fus_channel_receive(struct fus_channel *channel, json_t **message,
                        struct fus_error *err) FUS_MUST_CHECK;

#endif
