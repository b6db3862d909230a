#include "api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"

static int resolve(const char *text, struct addrinfo **found, struct fus_error *err)
{
    char host[128], *name = host;
    const char *colon = strrchr(text, ':');
    int64_t port = 0;
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
        !fus_parse_int(colon + 1, 0, 65535, &port))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "\"%.120s\" is not an address and port to listen on.", text);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    size_t length = strlen(host);
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        name++;
    }
    /* Without AI_ADDRCONFIG, which hides loopback addresses on a machine without a network. */
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int failed = getaddrinfo(name[0] != '\0' ? name : NULL, colon + 1, &hints, found);
    if (failed != 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "\"%.120s\" cannot be listened on: %s.",
                             text, gai_strerror(failed));
    return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    return false;
}

int fus_listen_is_loopback(const char *text, bool *loopback, struct fus_error *err)
{
    struct addrinfo *found = NULL;
    int rc = resolve(text, &found, err);
    if (rc != 0)
        return rc;
    *loopback = is_loopback(found->ai_addr);
    freeaddrinfo(found);
    return 0;
}

static int bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int fus_listen(const char *text, int *fd, int *port, bool *loopback, struct fus_error *err)
{
    struct addrinfo *found = NULL;
    int on = 1, rc = resolve(text, &found, err);
    if (rc != 0)
        return rc;
    FUS_AUTO_FD int made = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Non-blocking: several threads wait on it and only one of them gets each connection. */
    if (made < 0 || setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(made, found->ai_addr, found->ai_addrlen) != 0 || listen(made, 511) != 0) {
        int failed = errno;
        freeaddrinfo(found);
        return fus_error_set(err, failed == EADDRINUSE ? FUS_E_CONFLICT : FUS_E_INVALID_PARAMETER,
                             "\"%.120s\" cannot be listened on: %s.", text, strerror(failed));
    }
    *loopback = is_loopback(found->ai_addr);
    freeaddrinfo(found);
    *port = bound_port(made);
    *fd = made;
    made = -1;
    return 0;
}
