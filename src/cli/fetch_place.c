/* Where a model's file may be found. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/fetch.h"

static void expand(struct fus_str *out, const char *pattern, size_t length, const char *release,
                   const char *path)
{
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    const struct {
        const char *key, *value;
    } keys[] = {{"{release}", release}, {"{file}", file}, {"{path}", path}};
    for (size_t i = 0; i < length;) {
        bool replaced = false;
        for (size_t k = 0; !replaced && k < FUS_COUNT(keys); k++) {
            size_t size = strlen(keys[k].key);
            replaced = size <= length - i && strncmp(pattern + i, keys[k].key, size) == 0;
            if (replaced) {
                fus_str_append(out, keys[k].value);
                i += size;
            }
        }
        if (!replaced)
            fus_str_append_n(out, pattern + i++, 1);
    }
}

static void add(char *places[], size_t *count, const char *base, size_t length, const char *tail,
                const char *release, const char *path)
{
    FUS_AUTO_STR struct fus_str pattern = {0}, place = {0};
    fus_str_append_n(&pattern, base, length);
    fus_str_append(&pattern, tail);
    if (pattern.failed || *count == FUS_FETCH_PLACES_MAX)
        return;
    expand(&place, pattern.text, pattern.length, release, path);
    char *text = fus_str_take(&place);
    bool known = text == NULL;
    for (size_t i = 0; !known && i < *count; i++)
        known = strcmp(places[i], text) == 0;
    if (known)
        fus_free(text);
    else
        places[(*count)++] = text;
}

static bool has_key(const char *text, size_t length)
{
    return memmem(text, length, "{file}", 6) != NULL || memmem(text, length, "{path}", 6) != NULL;
}

size_t fus_fetch_places(const char *base_urls, const struct fus_model *model, bool hash,
                        char *places[FUS_FETCH_PLACES_MAX])
{
    static const char SPACE[] = " \t\r\n,";
    size_t count = 0;
    FUS_AUTO_FREE char *name = hash ? fus_hash_name(model->file) : fus_strdup(model->file);
    for (const char *at = base_urls; name != NULL && *(at += strspn(at, SPACE)) != '\0';) {
        size_t length = strcspn(at, SPACE), used = length;
        while (used > 1 && at[used - 1] == '/')
            used--;
        if (has_key(at, length)) {
            add(places, &count, at, length, "", model->release, name);
        } else {
            if (model->release[0] != '\0')
                add(places, &count, at, used, "/{release}/{file}", model->release, name);
            add(places, &count, at, used, "/{path}", model->release, name);
            add(places, &count, at, used, "/{file}", model->release, name);
        }
        at += length;
    }
    return count;
}
