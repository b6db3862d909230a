#include "api/auth.h"

#include <string.h>
#include <strings.h>

#include "api/guard.h"
#include "api/internal.h"

static int check_key(const char *key, const struct fus_http_request *request, struct fus_error *err)
{
    const char *given = fus_http_header(request, "Authorization");
    if (given != NULL) {
        if (strncasecmp(given, "Bearer ", 7) != 0)
            return fus_error_set(err, FUS_E_UNAUTHORIZED,
                                 "The Authorization header must be \"Bearer\" and an API key.");
        given += 7;
        given += strspn(given, " ");
    } else {
        given = fus_http_header(request, "X-API-Key");
    }
    if (given == NULL)
        return fus_error_set(err, FUS_E_UNAUTHORIZED,
                             "This server wants an API key: Authorization: Bearer <key>, or "
                             "X-API-Key: <key>.");
    if (!fus_secret_equal(given, key))
        return fus_error_set(err, FUS_E_UNAUTHORIZED, "The API key is not valid.");
    return 0;
}

/* The authority of an origin or URL: what stands behind "://". */
static const char *authority(const char *url)
{
    const char *at = url != NULL ? strstr(url, "://") : NULL;
    return at != NULL ? at + 3 : "";
}

static bool same_authority(const char *a, const char *b)
{
    size_t length = strcspn(a, "/");
    return length > 0 && length == strcspn(b, "/") && strncasecmp(a, b, length) == 0;
}

/* Without a key, being able to reach the loopback address is the only proof of being the user. A
 * browser lends that ability to every page it shows, by cross-site requests (told by Origin and
 * Sec-Fetch-Site) and by names that an attacker's DNS points here (told by Host). */
static int check_browser(const struct fus_api *api, const struct fus_http_request *request,
                         struct fus_error *err)
{
    const char *host = fus_http_header(request, "Host");
    const char *origin = fus_http_header(request, "Origin");
    const char *site = fus_http_header(request, "Sec-Fetch-Site");
    const char *own = authority(api->options.config->public_url);
    if (host != NULL && !fus_http_host_is_loopback(host) && !same_authority(own, host))
        return fus_error_set(err, FUS_E_FORBIDDEN,
                             "Without an API key this server answers only under a loopback name "
                             "(localhost, 127.0.0.1) or that of server.public_url.");
    if ((origin != NULL && (host == NULL || !same_authority(authority(origin), host))) ||
        (site != NULL &&
         (strcasecmp(site, "cross-site") == 0 || strcasecmp(site, "same-site") == 0)))
        return fus_error_set(
            err, FUS_E_FORBIDDEN,
            "Without an API key this server does not answer pages of other sites.");
    return 0;
}

int fus_auth_check(const struct fus_api *api, const struct fus_http_request *request,
                   struct fus_error *err)
{
    return api->keyless ? check_browser(api, request, err)
                        : check_key(api->options.config->api_key, request, err);
}
