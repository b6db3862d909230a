#include "api/guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static bool named(const char *name, size_t size, const char *wanted)
{
    return strlen(wanted) == size && strncasecmp(name, wanted, size) == 0;
}

static bool has_odd_bytes(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return true;
    return false;
}

void fus_http_head_count(struct fus_http_head *head, const char *name, size_t name_size,
                         const char *value, size_t value_size)
{
    head->fields++;
    if (name_size == 0 || has_odd_bytes(name, name_size) ||
        (value != NULL && has_odd_bytes(value, value_size)) ||
        memchr(name, ' ', name_size) != NULL || memchr(name, '\t', name_size) != NULL)
        head->odd_bytes = true;
    if (named(name, name_size, "Host")) {
        head->hosts++;
        head->host = value;
    } else if (named(name, name_size, "Content-Length")) {
        head->lengths++;
        head->length = value;
    } else if (named(name, name_size, "Transfer-Encoding")) {
        head->encodings++;
        head->encoding = value;
    }
}

static int refuse(struct fus_error *err, const char *why)
{
    return fus_error_set(err, FUS_E_INVALID_REQUEST, "The request is refused: %s.", why);
}

/* Letters, digits and what IPv6 addresses and ports are written with (RFC 3986, without userinfo).
 */
static bool host_is_plain(const char *host)
{
    size_t length = strlen(host);
    return length > 0 && length < 256 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]%") ==
               length;
}

int fus_http_head_check(const struct fus_http_head *head, struct fus_http_framing *framing,
                        struct fus_error *err)
{
    struct fus_http_framing found = {0};
    bool old = strcmp(head->version, "HTTP/1.0") == 0;
    if (!old && strcmp(head->version, "HTTP/1.1") != 0)
        return refuse(err, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (head->odd_bytes)
        return refuse(err, "a header field has a control character or a space in its name");
    if (head->hosts > 1 || (head->hosts == 0 && !old))
        return refuse(err, "it needs exactly one Host field");
    if (head->hosts == 1 && (head->host == NULL || !host_is_plain(head->host)))
        return refuse(err, "its Host field is not a host");
    if (head->lengths > 1 || head->encodings > 1)
        return refuse(err, "Content-Length or Transfer-Encoding is given twice");
    if (head->lengths > 0 && head->encodings > 0)
        return refuse(err, "it has both a Content-Length and a Transfer-Encoding");
    if (head->encodings > 0) {
        if (old || head->encoding == NULL || strcasecmp(head->encoding, "chunked") != 0)
            return refuse(err, "the only Transfer-Encoding taken is chunked");
        found.has_body = found.chunked = true;
    }
    if (head->lengths > 0) {
        int64_t length = 0;
        if (head->length == NULL || head->length[0] == '-' ||
            !fus_parse_int(head->length, 0, INT64_MAX, &length))
            return refuse(err, "its Content-Length is not a number");
        found.length = (uint64_t)length;
        found.has_body = length > 0;
    }
    *framing = found;
    return 0;
}

bool fus_http_host_is_loopback(const char *host)
{
    char name[64];
    struct in_addr v4;
    struct in6_addr v6;
    size_t length = 0;
    if (host[0] == '[') {
        host++;
        length = strcspn(host, "]");
    } else {
        length = strcspn(host, ":");
    }
    if (length >= sizeof(name))
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    if (strcasecmp(name, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
