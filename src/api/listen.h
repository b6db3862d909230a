/* Listening sockets. */
#ifndef FUS_API_LISTEN_H
#define FUS_API_LISTEN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/macros.h"

/* Binds "address:port" and listens. *loopback: no other machine can reach it. FUS_E_CONFLICT: in
 * use; FUS_E_INVALID_PARAMETER: not an address of this machine. The caller closes *fd. */
int fus_listen(const char *text, int *fd, int *port, bool *loopback,
               struct fus_error *err) FUS_MUST_CHECK;
/* The same look at the address without binding. */
int fus_listen_is_loopback(const char *text, bool *loopback, struct fus_error *err) FUS_MUST_CHECK;

#endif
