/* What a worker says, on any bytes: lines through a channel, each message as a report, each result
 * as the pipeline's. */
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pipeline/pipeline.h"
#include "worker/channel.h"
#include "worker/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const json_t *message)
{
    struct fus_report report;
    struct fus_pipeline_result result;
    if (fus_report_from_json(message, &report, NULL) != 0)
        return;
    if (report.percent < 0 || report.percent > 100)
        __builtin_trap();
    if (report.type == FUS_REPORT_RESULT &&
        fus_pipeline_result_from_json(report.result, &result) == 0)
        json_decref(fus_pipeline_result_to_json(&result));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    struct fus_channel *channel = NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 0;
    if (fus_channel_new(ends[0], 4096, 100, &channel, NULL) != 0) {
        close(ends[0]);
        close(ends[1]);
        return 0;
    }
    if (send(ends[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
        json_t *message;
        while (fus_channel_receive(channel, &message, NULL) == 1) {
            take(message);
            json_decref(message);
        }
    }
    fus_channel_free(channel);
    close(ends[1]);
    return 0;
}
