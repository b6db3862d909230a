#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/settings.h"

/* Whatever the order of calls, a value yields only to one of its own rank or above. */
enum rank { RANK_DEFAULT, RANK_FILE, RANK_ENVIRONMENT, RANK_FLAG };

struct value {
    char *text; /* NULL: not given */
    char *origin;
    enum rank rank;
};

struct fus_config_builder {
    const struct fus_setting *settings;
    size_t count;
    struct value *values;
    struct fus_str warnings; /* one a line */
};

struct fus_config_builder *fus_config_builder_new(void)
{
    struct fus_config_builder *builder = fus_calloc(1, sizeof(*builder));
    if (builder == NULL)
        return NULL;
    builder->settings = fus_settings(&builder->count);
    builder->values = fus_calloc(builder->count, sizeof(*builder->values));
    if (builder->values == NULL) {
        fus_config_builder_free(builder);
        return NULL;
    }
    return builder;
}

void fus_config_builder_free(struct fus_config_builder *builder)
{
    if (builder == NULL)
        return;
    for (size_t i = 0; builder->values != NULL && i < builder->count; i++) {
        fus_free(builder->values[i].text);
        fus_free(builder->values[i].origin);
    }
    fus_free(builder->values);
    fus_str_done(&builder->warnings);
    fus_free(builder);
}

static int put(struct fus_config_builder *builder, const struct fus_setting *setting,
               const char *text, enum rank rank, const char *origin, struct fus_error *err)
{
    int rc = fus_setting_parse(setting, text, NULL, err);
    struct value *value = &builder->values[setting - builder->settings];
    if (rc != 0 || value->rank > rank)
        return rc;
    FUS_AUTO_FREE char *copy = fus_strdup(text);
    FUS_AUTO_FREE char *from = fus_strdup(origin);
    if (copy == NULL || from == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
    fus_free(value->text);
    fus_free(value->origin);
    value->text = FUS_TAKE(copy);
    value->origin = FUS_TAKE(from);
    value->rank = rank;
    return 0;
}

static int put_named(struct fus_config_builder *builder, const char *name, const char *text,
                     enum rank rank, const char *origin, struct fus_error *err)
{
    const struct fus_setting *setting = fus_setting_find(name);
    if (setting != NULL)
        return put(builder, setting, text, rank, origin, err);
    char near[64];
    if (fus_setting_nearest(name, near, sizeof(near)))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "there is no setting \"%.60s\"; did you mean %s?", name, near);
    return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                         "there is no setting \"%.60s\"; `fusiond doctor` lists them all", name);
}

/* ---- files ---- */

struct file_state {
    struct fus_config_builder *builder;
    const char *path;
    bool *seen; /* by index of the setting */
};

static int take_line(void *user, const char *name, const char *text, int line,
                     struct fus_error *err)
{
    struct file_state *state = user;
    struct fus_error inner = {0};
    char origin[160];
    (void)snprintf(origin, sizeof(origin), "%s:%d", state->path, line);
    const struct fus_setting *setting = fus_setting_find(name);
    if (setting != NULL) {
        bool *seen = &state->seen[setting - state->builder->settings];
        if (*seen)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s:%d: %s is set a second time",
                                 state->path, line, name);
        *seen = true;
    }
    int rc = put_named(state->builder, name, text, RANK_FILE, origin, &inner);
    if (rc != 0)
        return fus_error_set(err, rc, "%s:%d: %s", state->path, line, inner.detail);
    return 0;
}

static int read_file(struct fus_config_builder *builder, const char *path, bool required,
                     struct fus_error *err)
{
    FUS_AUTO_FREE bool *seen = fus_calloc(builder->count, sizeof(*seen));
    if (seen == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
    struct file_state state = {builder, path, seen};
    struct fus_error inner = {0};
    int rc = fus_ini_read(path, take_line, &state, &inner);
    if (rc == FUS_E_NOT_FOUND && !required)
        return 0;
    return rc == 0 ? 0 : fus_error_set(err, rc, "%s", inner.detail);
}

/* $name/tail, or $HOME/fallback/tail; NULL without either (*failed tells out of memory apart). */
static char *xdg_path(const char *name, const char *fallback, const char *tail, bool *failed)
{
    const char *base = getenv(name), *home = getenv("HOME");
    FUS_AUTO_STR struct fus_str path = {0};
    if (base != NULL && base[0] == '/')
        fus_str_printf(&path, "%s/%s", base, tail);
    else if (home != NULL && home[0] == '/')
        fus_str_printf(&path, "%s/%s/%s", home, fallback, tail);
    else
        return NULL;
    char *text = fus_str_take(&path);
    *failed = *failed || text == NULL;
    return text;
}

/* ---- environment ---- */

/* A variable with a known section but an unknown key is most likely a slip, but it may also have
 * been put there by an orchestrator for a service of that name, so it is a warning and no error. */
static void warn_unknown(struct fus_config_builder *builder, const char *variable, size_t length)
{
    for (size_t i = 0; i < builder->count; i++) {
        char prefix[80];
        fus_setting_env_name(&builder->settings[i], prefix, sizeof(prefix));
        size_t known = strlen("FUSIOND_") + strlen(builder->settings[i].section) + 1;
        if (length > known && strncmp(variable, prefix, known) == 0) {
            fus_str_printf(&builder->warnings, "the environment's %.*s is not a setting\n",
                           (int)FUS_MIN(length, 80), variable);
            return;
        }
    }
}

static int read_environment(struct fus_config_builder *builder, struct fus_error *err)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!fus_str_starts(*entry, "FUSIOND_") || equals == NULL)
            continue;
        size_t length = (size_t)(equals - *entry);
        const struct fus_setting *found = NULL;
        char name[80];
        for (size_t i = 0; i < builder->count && found == NULL; i++) {
            fus_setting_env_name(&builder->settings[i], name, sizeof(name));
            if (strlen(name) == length && strncmp(name, *entry, length) == 0)
                found = &builder->settings[i];
        }
        if (found == NULL) {
            warn_unknown(builder, *entry, length);
            continue;
        }
        char origin[160];
        (void)snprintf(origin, sizeof(origin), "environment %s", name);
        struct fus_error inner = {0};
        int rc = put(builder, found, equals + 1, RANK_ENVIRONMENT, origin, &inner);
        if (rc != 0)
            return fus_error_set(err, rc, "in the environment, %s: %s", name, inner.detail);
    }
    return 0;
}

int fus_config_builder_load(struct fus_config_builder *builder, const char *extra_file,
                            struct fus_error *err)
{
    int rc = read_file(builder, "/etc/fusiond/fusiond.ini", false, err);
    if (rc != 0)
        return rc;
    bool failed = false;
    FUS_AUTO_FREE char *user_file =
        xdg_path("XDG_CONFIG_HOME", ".config", "fusiond/fusiond.ini", &failed);
    if (failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
    if (user_file != NULL && (rc = read_file(builder, user_file, false, err)) != 0)
        return rc;
    if (extra_file != NULL && (rc = read_file(builder, extra_file, true, err)) != 0)
        return rc;
    return read_environment(builder, err);
}

int fus_config_builder_set(struct fus_config_builder *builder, const char *key, const char *value,
                           const char *origin, struct fus_error *err)
{
    return put_named(builder, key, value, RANK_FLAG, origin, err);
}

/* ---- finish ---- */

static int derive(struct fus_config_builder *builder, const char *name, char *text,
                  struct fus_error *err)
{
    struct value *value = &builder->values[fus_setting_find(name) - builder->settings];
    fus_free(value->text);
    value->text = text;
    if (value->text == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
    return 0;
}

static const char *text_of(const struct fus_config_builder *builder, const char *name)
{
    const struct fus_setting *setting = fus_setting_find(name);
    const char *text = builder->values[setting - builder->settings].text;
    return text != NULL ? text : setting->default_text;
}

/* /data where it can be written (the mount of a container image), else the user's own place. */
static int decide_data_dir(struct fus_config_builder *builder, struct fus_error *err)
{
    if (text_of(builder, "storage.data_dir") != NULL)
        return 0;
    if (access("/data", W_OK | X_OK) == 0)
        return derive(builder, "storage.data_dir", fus_strdup("/data"), err);
    bool failed = false;
    char *path = xdg_path("XDG_DATA_HOME", ".local/share", "fusiond", &failed);
    if (path == NULL && !failed)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "no data directory: HOME is not set and /data can't be written; give "
                             "--data-dir or FUSIOND_STORAGE_DATA_DIR");
    return derive(builder, "storage.data_dir", path, err);
}

static int decide_below_data_dir(struct fus_config_builder *builder, const char *name,
                                 const char *folder, struct fus_error *err)
{
    if (text_of(builder, name) != NULL)
        return 0;
    return derive(builder, name, fus_fs_join(text_of(builder, "storage.data_dir"), folder), err);
}

static void append_absolute(struct fus_str *out, const char *path, size_t length, const char *cwd)
{
    if (path[0] != '/')
        fus_str_printf(out, "%s/", cwd);
    while (length > 1 && path[length - 1] == '/')
        length--;
    fus_str_append_n(out, path, length);
}

/* Relative paths mean the folder the program was started in, whoever resolves them later. */
static int make_absolute(struct fus_config_builder *builder, size_t index, struct fus_error *err)
{
    const struct fus_setting *setting = &builder->settings[index];
    const char *text = builder->values[index].text;
    if ((setting->type != FUS_SETTING_PATH && setting->type != FUS_SETTING_PATHS) || text == NULL ||
        *text == '\0')
        return 0;
    char cwd[4096];
    if (getcwd(cwd, sizeof(cwd)) == NULL)
        return fus_error_errno(err, errno, "the current folder can't be told");
    FUS_AUTO_STR struct fus_str out = {0};
    bool list = setting->type == FUS_SETTING_PATHS;
    for (const char *at = text; *at != '\0';) {
        size_t length = list ? strcspn(at, ":") : strlen(at);
        if (length > 0) {
            if (out.length > 0)
                fus_str_append(&out, ":");
            append_absolute(&out, at, length, cwd);
        }
        at += length;
        at += *at == ':' && list;
    }
    char *made = fus_str_take(&out);
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
    fus_free(builder->values[index].text);
    builder->values[index].text = made;
    return 0;
}

static int fill_member(const struct fus_setting *setting, const char *text,
                       struct fus_config *config, struct fus_error *err)
{
    char *member = (char *)config + setting->offset;
    int64_t number = 0;
    int rc = fus_setting_parse(setting, text, &number, err);
    if (rc != 0)
        return rc;
    switch (setting->type) {
    case FUS_SETTING_INT:
    case FUS_SETTING_SECONDS:
    case FUS_SETTING_MILLISECONDS:
        memcpy(member, &number, sizeof(number));
        return 0;
    case FUS_SETTING_BYTES: {
        uint64_t bytes = (uint64_t)number;
        memcpy(member, &bytes, sizeof(bytes));
        return 0;
    }
    default: {
        char *copy = fus_strdup(text);
        if (copy == NULL)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
        memcpy(member, &copy, sizeof(copy));
        return 0;
    }
    }
}

int fus_config_builder_finish(struct fus_config_builder *builder, struct fus_config **config,
                              struct fus_error *err)
{
    int rc = decide_data_dir(builder, err);
    if (rc == 0)
        rc = decide_below_data_dir(builder, "storage.input_roots", "input", err);
    if (rc == 0)
        rc = decide_below_data_dir(builder, "models.dir", "models", err);
    for (size_t i = 0; rc == 0 && i < builder->count; i++)
        rc = make_absolute(builder, i, err);
    if (rc != 0)
        return rc;
    FUS_CLEANUP(fus_config_free) struct fus_config *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
    for (size_t i = 0; i < builder->count; i++) {
        const char *text = builder->values[i].text;
        if (text == NULL)
            text = builder->settings[i].default_text;
        rc = fill_member(&builder->settings[i], text, made, err);
        if (rc != 0)
            return rc;
    }
    *config = FUS_TAKE(made);
    return 0;
}

bool fus_config_builder_entry(const struct fus_config_builder *builder, size_t index,
                              struct fus_config_entry *entry)
{
    if (index >= builder->count)
        return false;
    const struct fus_setting *setting = &builder->settings[index];
    const struct value *value = &builder->values[index];
    const char *text = value->text != NULL ? value->text : setting->default_text;
    if ((setting->flags & FUS_SETTING_SECRET) != 0 && text != NULL && *text != '\0')
        text = "(set)";
    entry->section = setting->section;
    entry->key = setting->key;
    entry->doc = setting->doc;
    (void)fus_strlcpy(entry->value, text != NULL ? text : "", sizeof(entry->value));
    (void)fus_strlcpy(entry->origin, value->origin != NULL ? value->origin : "default",
                      sizeof(entry->origin));
    return true;
}

const char *fus_config_builder_warnings(const struct fus_config_builder *builder)
{
    return builder->warnings.text != NULL ? builder->warnings.text : "";
}

void fus_config_free(struct fus_config *config)
{
    if (config == NULL)
        return;
    size_t count = 0;
    const struct fus_setting *settings = fus_settings(&count);
    for (size_t i = 0; i < count; i++) {
        if (settings[i].type > FUS_SETTING_ADDRESS)
            continue;
        char *text = NULL;
        memcpy(&text, (char *)config + settings[i].offset, sizeof(text));
        if (text != NULL && (settings[i].flags & FUS_SETTING_SECRET) != 0)
            explicit_bzero(text, strlen(text));
        fus_free(text);
    }
    fus_free(config);
}
