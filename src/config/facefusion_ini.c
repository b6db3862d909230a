#include "config/facefusion_ini.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

enum { FILE_MAX = 1 << 20, ENTRIES_MAX = 1000, NAME_MAX_BYTES = 64, WARNINGS_MAX = 32 };

struct entry {
    char section[NAME_MAX_BYTES], key[NAME_MAX_BYTES];
    struct fus_str value; /* white space made single spaces */
    int line;
    const struct fus_param *param; /* NULL: none of the parameters, or one without effect */
};

struct fus_facefusion_ini {
    char *name; /* of the file */
    struct entry *entries;
    size_t count, capacity;
    char *warnings[WARNINGS_MAX];
    size_t warning_count;
};

/* Reading, line by line. */
struct reader {
    struct fus_facefusion_ini *ini;
    char section[NAME_MAX_BYTES];
    bool in_section;
    struct entry *open; /* the entry that an indented line goes on with; moves with the array */
    int line;
    size_t indent; /* of the key's own line */
};

/* What FaceFusion keeps in its ini and is none of our parameters. */
static const struct {
    const char *section, *key;
    bool used; /* by a command; the rest is for a user interface that is not here */
} others[] = {
    {"paths", "source_paths", true},
    {"paths", "target_path", true},
    {"paths", "output_path", true},
    {"patterns", "source_pattern", true},
    {"patterns", "target_pattern", true},
    {"patterns", "output_pattern", true},
    {"misc", "log_level", true},
    {"misc", "halt_on_error", true},
    {"uis", "open_browser", false},
    {"uis", "ui_layouts", false},
    {"uis", "ui_workflow", false},
    {"benchmark", "benchmark_mode", false},
    {"benchmark", "benchmark_resolutions", false},
    {"benchmark", "benchmark_cycle_count", false},
};

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the defaults");
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && blank((*text)[0])) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && blank((*text)[*length - 1]))
        (*length)--;
}

/* Words with one space between them, appended to what is there. */
static void append_words(struct fus_str *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t word = 0;
        while (at + word < length && !blank(text[at + word]))
            word++;
        if (word > 0 && out->length > 0)
            fus_str_append(out, " ");
        fus_str_append_n(out, text + at, word);
        at += word + (at + word < length);
    }
}

static bool take_name(const char *text, size_t length, char out[NAME_MAX_BYTES])
{
    if (length == 0 || length >= NAME_MAX_BYTES)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

static int wrong_line(const struct reader *reader, const char *what, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%.200s:%d: %s", reader->ini->name,
                         reader->line, what);
}

static int take_section(struct reader *reader, const char *text, size_t length,
                        struct fus_error *err)
{
    const char *end = memchr(text, ']', length);
    if (end == NULL || !take_name(text + 1, (size_t)(end - text) - 1, reader->section))
        return wrong_line(reader, "a section is written [name]", err);
    reader->in_section = true;
    reader->open = NULL;
    return 0;
}

static int add_entry(struct reader *reader, const struct entry *entry, struct fus_error *err)
{
    struct fus_facefusion_ini *ini = reader->ini;
    for (size_t i = 0; i < ini->count; i++) {
        if (strcmp(ini->entries[i].section, entry->section) == 0 &&
            strcmp(ini->entries[i].key, entry->key) == 0)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "%.200s:%d: [%s] %s is there a second time, first in line %d",
                                 ini->name, reader->line, entry->section, entry->key,
                                 ini->entries[i].line);
    }
    if (ini->count == ENTRIES_MAX)
        return wrong_line(reader, "there are too many values", err);
    if (ini->count == ini->capacity) {
        size_t capacity = ini->capacity == 0 ? 64 : ini->capacity * 2;
        struct entry *grown = fus_realloc(ini->entries, capacity, sizeof(*grown));
        if (grown == NULL)
            return no_memory(err);
        ini->entries = grown;
        ini->capacity = capacity;
    }
    ini->entries[ini->count] = *entry;
    reader->open = &ini->entries[ini->count++];
    return 0;
}

static int take_key(struct reader *reader, const char *text, size_t length, struct fus_error *err)
{
    size_t split = 0;
    while (split < length && text[split] != '=' && text[split] != ':')
        split++;
    if (split == length || !reader->in_section)
        return wrong_line(reader,
                          reader->in_section ? "this is neither [section] nor key = value"
                                             : "a value stands before the first [section]",
                          err);
    const char *key = text, *value = text + split + 1;
    size_t key_length = split, value_length = length - split - 1;
    trim(&key, &key_length);
    struct entry entry = {.line = reader->line};
    if (!take_name(key, key_length, entry.key))
        return wrong_line(reader, "a key is a word of 1 to 63 characters", err);
    for (char *c = entry.key; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    (void)fus_strlcpy(entry.section, reader->section, sizeof(entry.section));
    int rc = add_entry(reader, &entry, err);
    if (rc == 0)
        append_words(&reader->open->value, value, value_length);
    return rc;
}

static int take_line(struct reader *reader, const char *text, size_t length, struct fus_error *err)
{
    size_t indent = 0;
    while (indent < length && blank(text[indent]))
        indent++;
    const char *body = text;
    size_t rest = length;
    trim(&body, &rest);
    if (rest == 0 || body[0] == '#' || body[0] == ';')
        return 0;
    if (reader->open != NULL && indent > reader->indent) {
        append_words(&reader->open->value, body, rest);
        return 0;
    }
    reader->indent = indent;
    return body[0] == '[' ? take_section(reader, body, rest, err)
                          : take_key(reader, body, rest, err);
}

static int read_lines(struct fus_facefusion_ini *ini, const char *text, size_t size,
                      struct fus_error *err)
{
    struct reader reader = {.ini = ini};
    if (!fus_utf8_valid(text, size))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%.200s is not a text file in UTF-8",
                             ini->name);
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end != NULL ? (size_t)(end - text) : size;
        reader.line++;
        int rc = take_line(&reader, text, length, err);
        if (rc != 0)
            return rc;
        length += end != NULL;
        text += length;
        size -= length;
    }
    for (size_t i = 0; i < ini->count; i++) {
        if (ini->entries[i].value.failed)
            return no_memory(err);
    }
    return 0;
}

/* ---- meaning ---- */

static void warn(struct fus_facefusion_ini *ini, const struct entry *entry, const char *what)
{
    FUS_AUTO_STR struct fus_str text = {0};
    if (ini->warning_count == WARNINGS_MAX)
        return;
    fus_str_printf(&text, "%.200s:%d: [%s] %s %s", ini->name, entry->line, entry->section,
                   entry->key, what);
    char *taken = fus_str_take(&text);
    if (taken != NULL)
        ini->warnings[ini->warning_count++] = taken;
}

static bool find_other(const struct entry *entry, bool *used)
{
    for (size_t i = 0; i < FUS_COUNT(others); i++) {
        if (strcmp(others[i].section, entry->section) == 0 &&
            strcmp(others[i].key, entry->key) == 0) {
            *used = others[i].used;
            return true;
        }
    }
    return false;
}

static bool given(const struct entry *entry)
{
    return entry->value.length > 0;
}

/* A processor that is not there cannot be run, so its options can wait as well. */
static bool waits(const struct fus_param *param)
{
    return (param->flags & FUS_PARAM_LATER) != 0 && (strcmp(param->group, "processors") == 0 ||
                                                     strcmp(param->group, "voice_extractor") == 0);
}

static void understand(struct fus_facefusion_ini *ini, struct entry *entry,
                       const struct fus_param_schema *schema)
{
    bool used = false;
    if (!given(entry))
        return;
    if (find_other(entry, &used)) {
        if (!used)
            warn(ini, entry, "is for a user interface or a benchmark, which are not here");
        return;
    }
    const struct fus_param *param = fus_param_find(schema, entry->key);
    if (param == NULL || param->short_for != NULL) {
        warn(ini, entry, "is not known and has no effect");
    } else if (strcmp(param->group, entry->section) != 0) {
        FUS_AUTO_STR struct fus_str text = {0};
        fus_str_printf(&text, "has no effect in this section; it belongs into [%s]", param->group);
        warn(ini, entry, text.text != NULL ? text.text : "has no effect in this section");
    } else {
        entry->param = param;
        if ((param->flags & FUS_PARAM_IGNORED) != 0)
            warn(ini, entry, "has no effect on the native engine");
    }
}

static int apply_entry(const struct fus_facefusion_ini *ini, const struct entry *entry,
                       struct fus_params *params, struct fus_error *err)
{
    struct fus_error inner = {0};
    int rc = fus_params_preset(params, entry->param->name, entry->value.text, &inner);
    if (rc != 0)
        return fus_error_set(err, rc, "%.160s:%d: [%s] %s", ini->name, entry->line, entry->section,
                             inner.detail);
    return 0;
}

int fus_facefusion_ini_apply(const struct fus_facefusion_ini *ini, bool later,
                             struct fus_params *params, struct fus_error *err)
{
    for (size_t i = 0; ini != NULL && i < ini->count; i++) {
        const struct entry *entry = &ini->entries[i];
        if (entry->param == NULL ||
            (!later && ((entry->param->flags & FUS_PARAM_IGNORED) != 0 || waits(entry->param))))
            continue;
        int rc = apply_entry(ini, entry, params, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Every value against its row, those that wait as well; then as the native engine takes them. */
static int check(const struct fus_facefusion_ini *ini, const struct fus_param_schema *schema,
                 struct fus_error *err)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *all = fus_params_new(schema);
    FUS_CLEANUP(fus_params_free) struct fus_params *native = fus_params_new(schema);
    if (all == NULL || native == NULL)
        return no_memory(err);
    fus_params_take_later(all);
    int rc = fus_facefusion_ini_apply(ini, true, all, err);
    return rc != 0 ? rc : fus_facefusion_ini_apply(ini, false, native, err);
}

int fus_facefusion_ini_parse(const char *name, const char *text, size_t size,
                             const struct fus_param_schema *schema, struct fus_facefusion_ini **out,
                             struct fus_error *err)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = fus_calloc(1, sizeof(*ini));
    if (ini == NULL || (ini->name = fus_strdup(name)) == NULL)
        return no_memory(err);
    int rc = read_lines(ini, text, size, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < ini->count; i++)
        understand(ini, &ini->entries[i], schema);
    rc = check(ini, schema, err);
    if (rc == 0)
        *out = FUS_TAKE(ini);
    return rc;
}

int fus_facefusion_ini_load(const char *path, const struct fus_param_schema *schema,
                            struct fus_facefusion_ini **ini, struct fus_error *err)
{
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    struct fus_error inner = {0};
    int rc = fus_fs_read(path, FILE_MAX, &bytes, &size, &inner);
    if (rc == FUS_E_NOT_FOUND)
        return fus_error_set(err, rc, "%.200s: there is no such file", path);
    if (rc != 0)
        return fus_error_set(err, rc == FUS_E_OUT_OF_MEMORY ? rc : FUS_E_INVALID_PARAMETER,
                             "%.200s cannot be read: %s", path, inner.detail);
    return fus_facefusion_ini_parse(path, bytes, size, schema, ini, err);
}

void fus_facefusion_ini_free(struct fus_facefusion_ini *ini)
{
    if (ini == NULL)
        return;
    for (size_t i = 0; i < ini->count; i++)
        fus_str_done(&ini->entries[i].value);
    for (size_t i = 0; i < ini->warning_count; i++)
        fus_free(ini->warnings[i]);
    fus_free(ini->entries);
    fus_free(ini->name);
    fus_free(ini);
}

const char *fus_facefusion_ini_text(const struct fus_facefusion_ini *ini, const char *section,
                                    const char *key)
{
    for (size_t i = 0; ini != NULL && i < ini->count; i++) {
        const struct entry *entry = &ini->entries[i];
        if (strcmp(entry->section, section) == 0 && strcmp(entry->key, key) == 0 && given(entry))
            return entry->value.text;
    }
    return NULL;
}

const char *fus_facefusion_ini_warning(const struct fus_facefusion_ini *ini, size_t index)
{
    return ini != NULL && index < ini->warning_count ? ini->warnings[index] : NULL;
}
