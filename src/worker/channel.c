#include "worker/channel.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

enum { CHUNK = 16384 };

struct fus_channel {
    int fd;
    int64_t send_timeout_ms;
    size_t receive_max;
    pthread_mutex_t send_lock; /* sent */
    int64_t sent;
    int64_t received;
    char *buffer; /* bytes read and not yet given out */
    size_t capacity, length;
    size_t scanned; /* no newline stands before this */
};

int fus_channel_new(int fd, size_t receive_max, int64_t send_timeout_ms, struct fus_channel **out,
                    struct fus_error *err)
{
    struct fus_channel *channel = fus_calloc(1, sizeof(*channel));
    if (!channel)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a worker's channel.");
    channel->fd = fd;
    channel->receive_max = receive_max;
    channel->send_timeout_ms = send_timeout_ms;
    pthread_mutex_init(&channel->send_lock, NULL);
    *out = channel;
    return 0;
}

void fus_channel_free(struct fus_channel *channel)
{
    if (!channel)
        return;
    fus_close(channel->fd);
    pthread_mutex_destroy(&channel->send_lock);
    fus_free(channel->buffer);
    fus_free(channel);
}

int fus_channel_fd(const struct fus_channel *channel)
{
    return channel->fd;
}

static int gone(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_WORKER_CRASHED, "The worker process ended.");
}

static int send_all(struct fus_channel *channel, const char *bytes, size_t size,
                    struct fus_error *err)
{
    int64_t until_us = fus_clock_monotonic_us() + channel->send_timeout_ms * 1000;
    while (size > 0) {
        ssize_t sent = send(channel->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return gone(err);
        int64_t left_ms = (until_us - fus_clock_monotonic_us()) / 1000;
        struct pollfd poll_fd = {.fd = channel->fd, .events = POLLOUT};
        if (left_ms <= 0 || (poll(&poll_fd, 1, (int)left_ms) < 0 && errno != EINTR))
            return fus_error_set(err, FUS_E_WORKER_CRASHED, "The worker process does not read.");
    }
    return 0;
}

int fus_channel_send(struct fus_channel *channel, json_t *message, struct fus_error *err)
{
    if (!message)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a message.");
    pthread_mutex_lock(&channel->send_lock);
    int rc = 0;
    char *line = NULL;
    if (json_object_set_new(message, "seq", json_integer(channel->sent + 1)) == 0)
        line = json_dumps(message, JSON_COMPACT);
    if (!line)
        rc = fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a message.");
    if (rc == 0) {
        size_t length = strlen(line);
        line[length] = '\n'; /* in place of the terminator: one send, one copy */
        rc = send_all(channel, line, length + 1, err);
    }
    if (rc == 0)
        channel->sent++;
    free(line);
    pthread_mutex_unlock(&channel->send_lock);
    return rc;
}

static int breach(struct fus_error *err, const char *what)
{
    return fus_error_set(err, FUS_E_INVALID_REQUEST, "The worker broke the protocol: %s.", what);
}

static int grow(struct fus_channel *channel, struct fus_error *err)
{
    if (channel->capacity - channel->length >= CHUNK)
        return 0;
    size_t capacity = channel->length + CHUNK;
    capacity = FUS_MAX(capacity, channel->capacity * 2);
    char *buffer = fus_realloc(channel->buffer, capacity, 1);
    if (!buffer)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a message.");
    channel->buffer = buffer;
    channel->capacity = capacity;
    return 0;
}

/* Takes the first line out of the buffer; 1, 0 without a whole one, or an error. */
static int take_line(struct fus_channel *channel, json_t **message, struct fus_error *err)
{
    if (channel->scanned == channel->length) /* the buffer may still be NULL */
        return 0;
    char *newline =
        memchr(channel->buffer + channel->scanned, '\n', channel->length - channel->scanned);
    channel->scanned = channel->length;
    size_t size = newline ? (size_t)(newline - channel->buffer) : channel->length;
    if (size > channel->receive_max)
        return breach(err, "a line is too long");
    if (!newline)
        return 0;
    json_t *object = json_loadb(channel->buffer, size, JSON_REJECT_DUPLICATES, NULL);
    channel->length -= size + 1;
    channel->scanned = 0;
    memmove(channel->buffer, newline + 1, channel->length);
    const json_t *seq = json_object_get(object, "seq");
    if (!json_is_object(object) || !json_is_integer(seq) ||
        json_integer_value(seq) != channel->received + 1) {
        json_decref(object);
        return breach(err, "a line is not the message that should follow");
    }
    channel->received++;
    *message = object;
    return 1;
}

int fus_channel_receive(struct fus_channel *channel, json_t **message, struct fus_error *err)
{
    for (;;) {
        int rc = take_line(channel, message, err);
        if (rc)
            return rc;
        rc = grow(channel, err);
        if (rc)
            return rc;
        ssize_t got = recv(channel->fd, channel->buffer + channel->length,
                           channel->capacity - channel->length, MSG_DONTWAIT);
        if (got > 0)
            channel->length += (size_t)got;
        else if (got == 0)
            return gone(err);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        else if (errno != EINTR)
            return gone(err);
    }
}
