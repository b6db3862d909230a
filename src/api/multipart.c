#include "api/multipart.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

enum state { PREAMBLE, BODY, AFTER_DELIMITER, HEADERS, EPILOGUE };

struct fus_multipart {
    struct fus_multipart_events events;
    enum state state;
    /* "\r\n--boundary". CR stands at its front only, so a failed match cannot hide the start of
     * another one inside it, and the bytes matched so far are known without keeping them. */
    char delimiter[4 + FUS_MULTIPART_BOUNDARY_MAX + 1];
    size_t delimiter_length;
    size_t matched;
    size_t parts, max_parts;
    char tail[2]; /* after a delimiter: "--" or CRLF */
    size_t tail_length;
    char headers[FUS_MULTIPART_HEADERS_MAX + 1];
    size_t headers_length;
};

static int malformed(struct fus_error *err, const char *why)
{
    return fus_error_set(err, FUS_E_INVALID_REQUEST, "The multipart body is not well-formed: %s.",
                         why);
}

/* ---- parameters of header fields ---- */

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* A quoted string with backslash escapes, or a token. NULL if broken or too long. */
static const char *read_value(const char *at, char *out, size_t size)
{
    size_t length = 0;
    bool quoted = *at == '"';
    if (quoted)
        at++;
    for (; *at != '\0'; at++) {
        char c = *at;
        if (quoted ? c == '"' : c == ';' || c == ' ' || c == '\t')
            break;
        if (quoted && c == '\\' && (at[1] == '"' || at[1] == '\\'))
            c = *++at;
        if (length + 1 == size)
            return NULL;
        out[length++] = c;
    }
    if (quoted && *at++ != '"')
        return NULL;
    out[length] = '\0';
    return skip_space(at);
}

struct parameter {
    char name[32];
    char value[256];
};

/* Reads "; name=value" at *at. 1: one was read, 0: the end, -1: broken. */
static int next_parameter(const char **at, struct parameter *parameter)
{
    const char *in = skip_space(*at);
    if (*in == '\0')
        return 0;
    if (*in != ';')
        return -1;
    in = skip_space(in + 1);
    if (*in == '\0')
        return 0;
    size_t length = strcspn(in, "=; \t");
    if (in[length] != '=' || length == 0 || length >= sizeof(parameter->name))
        return -1;
    memcpy(parameter->name, in, length);
    parameter->name[length] = '\0';
    *at = read_value(in + length + 1, parameter->value, sizeof(parameter->value));
    return *at != NULL ? 1 : -1;
}

int fus_multipart_boundary(const char *content_type, char out[FUS_MULTIPART_BOUNDARY_MAX + 1],
                           struct fus_error *err)
{
    struct parameter parameter;
    const char *at = content_type + strcspn(content_type, "; \t");
    int more = 0;
    while ((more = next_parameter(&at, &parameter)) > 0) {
        if (strcasecmp(parameter.name, "boundary") != 0)
            continue;
        size_t length = strlen(parameter.value);
        static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ";
        if (length == 0 || length > FUS_MULTIPART_BOUNDARY_MAX ||
            strspn(parameter.value, allowed) != length || parameter.value[length - 1] == ' ')
            break;
        fus_strlcpy(out, parameter.value, FUS_MULTIPART_BOUNDARY_MAX + 1);
        return 0;
    }
    return fus_error_set(err, FUS_E_INVALID_REQUEST,
                         "The Content-Type multipart/form-data has no usable boundary.");
}

/* ---- the headers of a part ---- */

static bool clean_text(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return fus_utf8_valid(text, strlen(text));
}

static int read_disposition(const char *value, struct fus_multipart_part *part,
                            struct fus_error *err)
{
    struct parameter parameter;
    size_t type = strcspn(value, "; \t");
    if (type != strlen("form-data") || strncasecmp(value, "form-data", type) != 0)
        return malformed(err, "a part is not form-data");
    bool named = false;
    const char *at = value + type;
    int more = 0;
    while ((more = next_parameter(&at, &parameter)) > 0) {
        if (strcasecmp(parameter.name, "name") == 0 && !named) {
            named = fus_strlcpy(part->name, parameter.value, sizeof(part->name));
            if (!named)
                return malformed(err, "the name of a part is too long");
        } else if (strcasecmp(parameter.name, "filename") == 0 && !part->has_filename) {
            /* Some clients send a path of theirs: only its last component is a name. */
            const char *last = parameter.value;
            for (const char *c = last; *c != '\0'; c++)
                if (*c == '/' || *c == '\\')
                    last = c + 1;
            part->has_filename = fus_strlcpy(part->filename, last, sizeof(part->filename));
        } else if (strcasecmp(parameter.name, "name") == 0 ||
                   strcasecmp(parameter.name, "filename") == 0) {
            return malformed(err, "the name of a part is given twice");
        }
    }
    if (more < 0 || !named || part->name[0] == '\0' || !clean_text(part->name) ||
        !clean_text(part->filename))
        return malformed(err, "a part has no usable name");
    return 0;
}

static int read_field(char *line, struct fus_multipart_part *part, bool *disposition,
                      struct fus_error *err)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || colon == line)
        return malformed(err, "a header of a part has no colon");
    *colon = '\0';
    const char *value = skip_space(colon + 1);
    if (strcasecmp(line, "Content-Disposition") == 0) {
        if (*disposition)
            return malformed(err, "a part has two Content-Disposition fields");
        *disposition = true;
        return read_disposition(value, part, err);
    }
    if (strcasecmp(line, "Content-Type") == 0)
        (void)fus_strlcpy(part->content_type, value, sizeof(part->content_type));
    else if (strcasecmp(line, "Content-Transfer-Encoding") == 0 &&
             strcasecmp(value, "binary") != 0 && strcasecmp(value, "8bit") != 0 &&
             strcasecmp(value, "7bit") != 0)
        return fus_error_set(err, FUS_E_INVALID_REQUEST,
                             "Content-Transfer-Encoding \"%.40s\" is not taken: send the bytes as "
                             "they are.",
                             clean_text(value) ? value : "?");
    return 0;
}

static int begin_part(struct fus_multipart *m, struct fus_error *err)
{
    struct fus_multipart_part part = {0};
    bool disposition = false;
    if (memchr(m->headers, '\0', m->headers_length) != NULL)
        return malformed(err, "a header of a part has a NUL");
    m->headers[m->headers_length] = '\0';
    for (char *line = m->headers; *line != '\0';) {
        char *end = strstr(line, "\r\n");
        if (end == NULL || end == line)
            break;
        *end = '\0';
        int rc = read_field(line, &part, &disposition, err);
        if (rc != 0)
            return rc;
        line = end + 2;
    }
    if (!disposition)
        return malformed(err, "a part has no Content-Disposition");
    if (m->parts++ == m->max_parts)
        return fus_error_set(err, FUS_E_INVALID_REQUEST,
                             "The multipart body has more than %zu parts.", m->max_parts);
    m->headers_length = 0;
    m->state = BODY;
    return m->events.begin(m->events.user, &part, err);
}

/* ---- states; each takes some bytes and moves *at ---- */

static int take_content(struct fus_multipart *m, const char **at, const char *end,
                        struct fus_error *err)
{
    bool preamble = m->state == PREAMBLE;
    while (*at < end) {
        if (m->matched == 0) {
            const char *cr = memchr(*at, '\r', (size_t)(end - *at));
            size_t plain = (size_t)((cr != NULL ? cr : end) - *at);
            int rc = preamble || plain == 0 ? 0 : m->events.data(m->events.user, *at, plain, err);
            if (rc != 0)
                return rc;
            *at += plain;
            if (cr == NULL)
                return 0;
        }
        while (*at < end && m->matched < m->delimiter_length && **at == m->delimiter[m->matched]) {
            m->matched++;
            (*at)++;
        }
        if (m->matched == m->delimiter_length) {
            m->matched = 0;
            m->state = AFTER_DELIMITER;
            m->tail_length = 0;
            return preamble ? 0 : m->events.end(m->events.user, err);
        }
        if (*at == end)
            return 0;
        int rc = preamble ? 0 : m->events.data(m->events.user, m->delimiter, m->matched, err);
        if (rc != 0)
            return rc;
        m->matched = 0;
    }
    return 0;
}

static int take_tail(struct fus_multipart *m, const char **at, const char *end,
                     struct fus_error *err)
{
    while (*at < end) {
        char c = *(*at)++;
        if (m->tail_length == 0 && (c == ' ' || c == '\t'))
            continue; /* transport padding */
        m->tail[m->tail_length++] = c;
        if (m->tail_length < 2)
            continue;
        if (memcmp(m->tail, "--", 2) == 0)
            m->state = EPILOGUE;
        else if (memcmp(m->tail, "\r\n", 2) == 0)
            m->state = HEADERS;
        else
            return malformed(err, "a delimiter does not stand on its own");
        return 0;
    }
    return 0;
}

static int take_headers(struct fus_multipart *m, const char **at, const char *end,
                        struct fus_error *err)
{
    while (*at < end) {
        if (m->headers_length == FUS_MULTIPART_HEADERS_MAX)
            return malformed(err, "the headers of a part are too long");
        m->headers[m->headers_length++] = *(*at)++;
        size_t n = m->headers_length;
        if (n == 2 && memcmp(m->headers, "\r\n", 2) == 0)
            return begin_part(m, err);
        if (n >= 4 && memcmp(m->headers + n - 4, "\r\n\r\n", 4) == 0)
            return begin_part(m, err);
    }
    return 0;
}

struct fus_multipart *fus_multipart_new(const char *boundary, size_t max_parts,
                                        const struct fus_multipart_events *events)
{
    struct fus_multipart *m = fus_calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    m->events = *events;
    m->max_parts = max_parts;
    int length = snprintf(m->delimiter, sizeof(m->delimiter), "\r\n--%s", boundary);
    m->delimiter_length = (size_t)length;
    m->matched =
        2; /* the first delimiter may stand at the very start, as if a line had ended there */
    return m;
}

void fus_multipart_free(struct fus_multipart *multipart)
{
    fus_free(multipart);
}

int fus_multipart_feed(struct fus_multipart *m, const void *bytes, size_t size,
                       struct fus_error *err)
{
    const char *at = bytes, *end = at + size;
    int rc = 0;
    while (rc == 0 && at < end) {
        switch (m->state) {
        case PREAMBLE:
        case BODY:
            rc = take_content(m, &at, end, err);
            break;
        case AFTER_DELIMITER:
            rc = take_tail(m, &at, end, err);
            break;
        case HEADERS:
            rc = take_headers(m, &at, end, err);
            break;
        case EPILOGUE:
            return 0;
        }
    }
    return rc;
}

int fus_multipart_finish(struct fus_multipart *m, struct fus_error *err)
{
    return m->state == EPILOGUE ? 0 : malformed(err, "it ends before its closing delimiter");
}
