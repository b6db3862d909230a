/* /api/v1/process/...: jobs with their processors chosen by the address. */
#include "api/internal.h"

void fus_process_swap(struct fus_api *api, struct fus_http_request *request,
                      struct fus_http_response *response)
{
    fus_jobs_submit(api, request, response, "face_swapper");
}

void fus_process_enhance(struct fus_api *api, struct fus_http_request *request,
                         struct fus_http_response *response)
{
    fus_jobs_submit(api, request, response, "face_enhancer");
}
