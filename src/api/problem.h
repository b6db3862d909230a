/* Problems (RFC 9457): the one form in which this server says no. */
#ifndef FUS_API_PROBLEM_H
#define FUS_API_PROBLEM_H

#include "api/http.h"

/* Status, title and code from the table of errors; the pointer, if any, stands in `errors`. 503
 * gets a Retry-After. Anything the response held before is dropped. */
void fus_problem(const struct fus_http_request *request, struct fus_http_response *response,
                 const struct fus_error *err);
/* The same in one line. */
void fus_problem_set(const struct fus_http_request *request, struct fus_http_response *response,
                     int code, const char *format, ...) FUS_PRINTF(4, 5);
/* All errors of a validation at once. One code when they agree in it, else invalid_parameter. */
void fus_problem_list(const struct fus_http_request *request, struct fus_http_response *response,
                      const struct fus_error_list *list);
/* A problem whose status is not the table's (404 with Allow and the like). */
void fus_problem_status(const struct fus_http_request *request, struct fus_http_response *response,
                        int status, int code, const char *detail);
/* The members of a problem without those of a request, for job.error. NULL out of memory. */
json_t *fus_problem_json(int code, int status, const char *detail) FUS_MUST_CHECK;

#endif
