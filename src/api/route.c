#include "api/route.h"

#include <stdio.h>
#include <string.h>

static bool matches(const char *template, const struct fus_http_target *target,
                    const char *captures[2])
{
    size_t captured = 0;
    for (size_t i = 0; i < target->segment_count; i++) {
        if (*template != '/')
            return false;
        template ++;
        size_t length = strcspn(template, "/");
        if (*template == '{') {
            if (target->segments[i][0] == '\0' || captured == 2)
                return false;
            captures[captured++] = target->segments[i];
        } else if (strlen(target->segments[i]) != length ||
                   memcmp(template, target->segments[i], length) != 0) {
            return false;
        }
        template += length;
    }
    return *template == '\0';
}

static void allow_add(char allow[64], const char *method)
{
    size_t length = strlen(allow);
    snprintf(allow + length, 64 - length, "%s%s%s", length > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct fus_http_route *fus_route_find(const struct fus_http_route *routes, size_t count,
                                            const char *method,
                                            const struct fus_http_target *target,
                                            const char *captures[2], char allow[64])
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    allow[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *found[2] = {NULL, NULL};
        if (!matches(routes[i].path, target, found))
            continue;
        if (strcmp(routes[i].method, method) == 0) {
            captures[0] = found[0];
            captures[1] = found[1];
            return &routes[i];
        }
        allow_add(allow, routes[i].method);
    }
    return NULL;
}

/* The next name of a space-separated list, copied; false at its end. */
static bool next_name(const char **list, char name[48])
{
    *list += strspn(*list, " ");
    size_t length = strcspn(*list, " ");
    if (length == 0 || length >= 48)
        return false;
    memcpy(name, *list, length);
    name[length] = '\0';
    *list += length;
    return true;
}

static int check_name(const char *known, const char *name, struct fus_error *err)
{
    char candidate[48], nearest[48] = "";
    unsigned best = 3;
    for (const char *list = known; next_name(&list, candidate);) {
        if (strcmp(candidate, name) == 0)
            return 0;
        unsigned distance = fus_edit_distance(candidate, name);
        if (distance < best) {
            best = distance;
            memcpy(nearest, candidate, sizeof(nearest));
        }
    }
    if (nearest[0] != '\0')
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "There is no query parameter \"%.60s\" here: did you mean \"%s\"?",
                             name, nearest);
    return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                         "There is no query parameter \"%.60s\" here.", name);
}

int fus_route_check_query(const struct fus_http_route *route, const struct fus_http_target *target,
                          struct fus_error *err)
{
    const char *known = route->query != NULL ? route->query : "";
    for (size_t i = 0; i < target->query_count; i++) {
        int rc = check_name(known, target->query[i].name, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}
