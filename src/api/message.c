#include "api/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/mem.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false for a bad escape or one that means a control character. */
static bool percent_decode(char *text, bool plus_is_space)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        char c = *in;
        if (c == '%') {
            int high = hex_digit(in[1]);
            int low = high >= 0 ? hex_digit(in[2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            in += 2;
            if ((unsigned char)c < 0x20 || c == 0x7f)
                return false;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        *out++ = c;
    }
    *out = '\0';
    return fus_utf8_valid(text, (size_t)(out - text));
}

static int bad_target(struct fus_error *err, const char *why)
{
    return fus_error_set(err, FUS_E_INVALID_REQUEST, "The request target %s.", why);
}

static int split_path(char *path, struct fus_http_target *target, struct fus_error *err)
{
    char *rest = path + 1;
    for (char *segment; (segment = strsep(&rest, "/")) != NULL;) {
        if (target->segment_count == FUS_HTTP_SEGMENTS_MAX)
            return bad_target(err, "has too many segments");
        if (!percent_decode(segment, false))
            return bad_target(err, "has an escape that means no character");
        if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
            return bad_target(err, "has a dot segment");
        target->segments[target->segment_count++] = segment;
    }
    return 0;
}

static int split_query(char *query, struct fus_http_target *target, struct fus_error *err)
{
    for (char *item; (item = strsep(&query, "&")) != NULL;) {
        if (item[0] == '\0')
            continue;
        if (target->query_count == FUS_HTTP_QUERY_MAX)
            return bad_target(err, "has too many query parameters");
        char *value = strchr(item, '=');
        if (value != NULL)
            *value++ = '\0';
        if (!percent_decode(item, true) || (value != NULL && !percent_decode(value, true)))
            return bad_target(err, "has an escape that means no character");
        for (size_t i = 0; i < target->query_count; i++)
            if (strcmp(target->query[i].name, item) == 0)
                return fus_error_set(err, FUS_E_INVALID_REQUEST,
                                     "The query parameter %.60s is given twice.", item);
        target->query[target->query_count].name = item;
        target->query[target->query_count++].value = value != NULL ? value : "";
    }
    return 0;
}

static int parse(struct fus_http_target *target, const char *raw, struct fus_error *err)
{
    for (const char *c = raw; *c != '\0'; c++) {
        if (*c <= 0x20 || *c >= 0x7f || *c == '\\' || *c == '#')
            return bad_target(err, "has a character that may not stand there unescaped");
        if (c - raw >= FUS_HTTP_TARGET_MAX)
            return bad_target(err, "is too long");
    }
    if (strncasecmp(raw, "http://", 7) == 0 || strncasecmp(raw, "https://", 8) == 0) {
        raw = strstr(raw, "://") + 3;
        raw += strcspn(raw, "/?");
    }
    target->buffer = fus_strdup(raw);
    if (target->buffer == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a request.");
    char *query = strchr(target->buffer, '?');
    if (query != NULL)
        *query++ = '\0';
    if (target->buffer[0] != '/')
        return bad_target(err, "does not begin with a slash");
    int rc = split_path(target->buffer, target, err);
    return rc == 0 && query != NULL ? split_query(query, target, err) : rc;
}

int fus_http_target_parse(const char *raw, struct fus_http_target *target, struct fus_error *err)
{
    struct fus_http_target parsed = {0};
    int rc = parse(&parsed, raw, err);
    if (rc != 0) {
        fus_http_target_done(&parsed);
        return rc;
    }
    *target = parsed;
    return 0;
}

void fus_http_target_done(struct fus_http_target *target)
{
    fus_free(target->buffer);
    *target = (struct fus_http_target){0};
}

const char *fus_http_header(const struct fus_http_request *request, const char *name)
{
    return request->header != NULL ? request->header(request->connection, name) : NULL;
}

const char *fus_http_query(const struct fus_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->target.query_count; i++)
        if (strcmp(request->target.query[i].name, name) == 0)
            return request->target.query[i].value;
    return NULL;
}

int64_t fus_http_prefer_wait(const struct fus_http_request *request, int64_t max)
{
    const char *at = fus_http_header(request, "Prefer");
    while (at != NULL && *at != '\0') {
        at += strspn(at, " \t,;");
        if (strncasecmp(at, "wait=", 5) == 0) {
            int64_t seconds = 0;
            for (at += 5; isdigit((unsigned char)*at) && seconds <= max; at++)
                seconds = seconds * 10 + (*at - '0');
            return FUS_MIN(seconds, max);
        }
        at += strcspn(at, ",;");
    }
    return 0;
}

void fus_http_response_init(struct fus_http_response *response)
{
    *response = (struct fus_http_response){.fd = -1};
}

void fus_http_response_done(struct fus_http_response *response)
{
    for (size_t i = 0; i < response->header_count; i++)
        fus_free(response->headers[i].value);
    fus_str_done(&response->body);
    fus_close(response->fd);
    fus_http_response_init(response);
}

void fus_http_response_header(struct fus_http_response *response, const char *name,
                              const char *value)
{
    char *copy = fus_strdup(value);
    bool clean = copy != NULL;
    for (const char *c = copy; clean && *c != '\0'; c++)
        clean = (unsigned char)*c >= 0x20 && *c != 0x7f;
    if (!clean || response->header_count == FUS_HTTP_HEADERS_MAX) {
        fus_free(copy);
        response->failed = true;
        return;
    }
    response->headers[response->header_count].name = name;
    response->headers[response->header_count++].value = copy;
}

static int append(const char *text, size_t size, void *body)
{
    fus_str_append_n(body, text, size);
    return ((struct fus_str *)body)->failed ? -1 : 0;
}

void fus_http_response_json(struct fus_http_response *response, int status, json_t *json)
{
    response->status = status;
    response->content_type = "application/json";
    if (json == NULL ||
        json_dump_callback(json, append, &response->body, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        response->failed = true;
    fus_str_append(&response->body, "\n");
    json_decref(json);
}
