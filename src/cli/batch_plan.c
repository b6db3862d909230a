#include "cli/batch_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the batch");
}

/* ---- the output's name ---- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* As Python splits a name: a leading dot begins no ending. */
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t dots = strspn(name, ".");
    return dot != NULL && (size_t)(dot - name) >= dots && dots < strlen(name) ? (size_t)(dot - name)
                                                                              : strlen(name);
}

static bool field_is(const char *field, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(field, name, length) == 0;
}

/* "index", "index:03d", "index:3": zero or blank filled decimal. */
static bool append_index(const char *field, size_t length, size_t index, struct fus_str *out)
{
    static const char name[] = "index";
    size_t at = sizeof(name) - 1;
    int width = 0;
    if (length < at || strncmp(field, name, at) != 0)
        return false;
    if (length > at && field[at++] != ':')
        return false;
    bool zeros = at < length && field[at] == '0';
    for (; at < length && field[at] >= '0' && field[at] <= '9' && width <= 20; at++)
        width = width * 10 + (field[at] - '0');
    at += at < length && field[at] == 'd';
    if (at != length || width > 20)
        return false;
    if (zeros)
        fus_str_printf(out, "%0*zu", width, index);
    else
        fus_str_printf(out, "%*zu", width, index);
    return true;
}

static int append_field(const char *field, size_t length, size_t index, const char *source,
                        const char *target, struct fus_str *out, struct fus_error *err)
{
    const char *name = name_of(target);
    size_t stem = stem_length(name);
    if (append_index(field, length, index, out))
        return 0;
    if (source != NULL && field_is(field, length, "source_name"))
        fus_str_append_n(out, name_of(source), stem_length(name_of(source)));
    else if (field_is(field, length, "target_name"))
        fus_str_append_n(out, name, stem);
    else if (field_is(field, length, "target_extension"))
        fus_str_append(out, name + stem);
    else
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "--output-pattern: there is no placeholder {%.*s}; there are {index}, "
                             "%s{target_name} and {target_extension}",
                             (int)FUS_MIN(length, (size_t)60), field,
                             source != NULL ? "{source_name}, " : "");
    return 0;
}

int fus_batch_output(const char *pattern, size_t index, const char *source, const char *target,
                     struct fus_str *out, struct fus_error *err)
{
    for (const char *at = pattern; *at != '\0';) {
        size_t plain = strcspn(at, "{}");
        fus_str_append_n(out, at, plain);
        at += plain;
        if (*at == '\0')
            break;
        if (at[0] == at[1]) { /* {{ or }} */
            fus_str_append_n(out, at, 1);
            at += 2;
            continue;
        }
        size_t length = strcspn(at, "}");
        if (*at == '}' || at[length] == '\0')
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "--output-pattern: a brace without its other half; a brace itself "
                                 "is written twice");
        int rc = append_field(at + 1, length - 1, index, source, target, out, err);
        if (rc != 0)
            return rc;
        at += length + 1;
    }
    return out->failed ? no_memory(err) : 0;
}

/* ---- files ---- */

static int compare_paths(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* The folder must be there, unless it is a pattern itself. */
static int check_folder(const char *option, const char *pattern, struct fus_error *err)
{
    const char *name = name_of(pattern);
    struct stat facts;
    FUS_AUTO_FREE char *folder = fus_strndup(pattern, (size_t)(name - pattern));
    if (folder == NULL)
        return no_memory(err);
    if (*folder == '\0' || strpbrk(folder, "*?[{") != NULL)
        return 0;
    if (stat(folder, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return fus_error_set(err, FUS_E_NOT_FOUND, "%s: there is no folder %.200s", option, folder);
    return 0;
}

static int find_files(const char *option, const char *pattern, glob_t *found, const char ***paths,
                      size_t *count, struct fus_error *err)
{
    int rc = check_folder(option, pattern, err);
    if (rc != 0)
        return rc;
    int answer = glob(pattern, GLOB_NOESCAPE | GLOB_NOSORT, NULL, found);
    if (answer == GLOB_NOSPACE)
        return no_memory(err);
    size_t all = answer == 0 ? found->gl_pathc : 0;
    *paths = fus_calloc(all + 1, sizeof(**paths));
    if (*paths == NULL)
        return no_memory(err);
    for (size_t i = 0; i < all; i++) {
        struct stat facts;
        if (stat(found->gl_pathv[i], &facts) == 0 && S_ISREG(facts.st_mode))
            (*paths)[(*count)++] = found->gl_pathv[i];
    }
    if (*count == 0)
        return fus_error_set(err, FUS_E_NOT_FOUND, "%s: no file matches %.200s", option, pattern);
    qsort(*paths, *count, sizeof(**paths), compare_paths);
    return 0;
}

/* ---- what must not happen ---- */

static int check_collisions(const struct fus_batch_plan *plan, struct fus_error *err)
{
    FUS_AUTO_FREE const char **outputs = fus_calloc(plan->count, sizeof(*outputs));
    if (outputs == NULL)
        return no_memory(err);
    for (size_t i = 0; i < plan->count; i++)
        outputs[i] = plan->items[i].output;
    qsort(outputs, plan->count, sizeof(*outputs), compare_paths);
    for (size_t i = 0; i + 1 < plan->count; i++) {
        if (strcmp(outputs[i], outputs[i + 1]) == 0)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "two items would be written to %.200s; {index} in "
                                 "--output-pattern keeps them apart",
                                 outputs[i]);
    }
    return 0;
}

struct file_id {
    dev_t device;
    ino_t inode;
};

static int compare_ids(const void *a, const void *b)
{
    const struct file_id *left = a, *right = b;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    return (left->inode > right->inode) - (left->inode < right->inode);
}

static void add_ids(const char *const *paths, size_t count, struct file_id *ids, size_t *used)
{
    for (size_t i = 0; i < count; i++) {
        struct stat facts;
        if (stat(paths[i], &facts) == 0)
            ids[(*used)++] = (struct file_id){facts.st_dev, facts.st_ino};
    }
}

/* Of the whole batch: an output of one item may be an input of another. */
static int check_inputs_stay(const struct fus_batch_plan *plan, struct fus_error *err)
{
    FUS_AUTO_FREE struct file_id *ids =
        fus_calloc(plan->source_count + plan->target_count, sizeof(*ids));
    size_t count = 0;
    if (ids == NULL)
        return no_memory(err);
    add_ids(plan->sources, plan->source_count, ids, &count);
    add_ids(plan->targets, plan->target_count, ids, &count);
    qsort(ids, count, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < plan->count; i++) {
        struct stat facts;
        if (stat(plan->items[i].output, &facts) != 0)
            continue;
        const struct file_id id = {facts.st_dev, facts.st_ino};
        if (bsearch(&id, ids, count, sizeof(*ids), compare_ids) != NULL)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "%.200s is an input; it would be overwritten by an output",
                                 plan->items[i].output);
    }
    return 0;
}

/* ---- the whole ---- */

static int combine(struct fus_batch_plan *plan, const char *output_pattern, struct fus_error *err)
{
    size_t outer = FUS_MAX(plan->source_count, (size_t)1), total = 0;
    if (!fus_size_mul(outer, plan->target_count, &total) || total > FUS_BATCH_ITEMS_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "these are more than %d combinations of source and target",
                             FUS_BATCH_ITEMS_MAX);
    plan->items = fus_calloc(total, sizeof(*plan->items));
    if (plan->items == NULL)
        return no_memory(err);
    for (size_t i = 0; i < total; i++) {
        FUS_AUTO_STR struct fus_str output = {0};
        struct fus_batch_item *item = &plan->items[i];
        item->source = plan->source_count > 0 ? plan->sources[i / plan->target_count] : NULL;
        item->target = plan->targets[i % plan->target_count];
        int rc = fus_batch_output(output_pattern, i, item->source, item->target, &output, err);
        if (rc != 0)
            return rc;
        item->output = fus_str_take(&output);
        if (item->output == NULL)
            return no_memory(err);
        plan->count++;
    }
    return 0;
}

int fus_batch_plan_make(struct fus_batch_plan *plan, const char *source_pattern,
                        const char *target_pattern, const char *output_pattern,
                        struct fus_error *err)
{
    int rc = 0;
    if (source_pattern != NULL)
        rc = find_files("--source-pattern", source_pattern, &plan->source_files, &plan->sources,
                        &plan->source_count, err);
    if (rc == 0)
        rc = find_files("--target-pattern", target_pattern, &plan->target_files, &plan->targets,
                        &plan->target_count, err);
    if (rc == 0)
        rc = combine(plan, output_pattern, err);
    if (rc == 0)
        rc = check_folder("--output-pattern", output_pattern, err);
    if (rc == 0)
        rc = check_collisions(plan, err);
    return rc == 0 ? check_inputs_stay(plan, err) : rc;
}

void fus_batch_plan_done(struct fus_batch_plan *plan)
{
    for (size_t i = 0; plan->items != NULL && i < plan->count; i++)
        fus_free(plan->items[i].output);
    fus_free(plan->items);
    fus_free(plan->sources);
    fus_free(plan->targets);
    globfree(&plan->source_files);
    globfree(&plan->target_files);
    *plan = (struct fus_batch_plan){0};
}
