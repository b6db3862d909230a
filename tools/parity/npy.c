#include "npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#define ARRAY_MAX ((size_t)512 << 20) /* bytes of one array */
#define HEADER_MAX 65535

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [FUS_NPY_U8] = {"|u1", 1},  [FUS_NPY_BOOL] = {"|b1", 1}, [FUS_NPY_I16] = {"<i2", 2},
    [FUS_NPY_I32] = {"<i4", 4}, [FUS_NPY_I64] = {"<i8", 8},  [FUS_NPY_F32] = {"<f4", 4},
    [FUS_NPY_F64] = {"<f8", 8},
};

size_t fus_npy_item_size(enum fus_npy_type type)
{
    return types[type].size;
}

static int corrupt(struct fus_error *err, const char *what)
{
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "Not an array that can be read: %s.", what);
}

/* The value behind 'key': in the header's dictionary, or NULL. */
static const char *header_value(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at)
        return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':' || *at == '\'')
        at++;
    return at;
}

static bool parse_type(const char *header, enum fus_npy_type *type)
{
    const char *value = header_value(header, "'descr'");
    for (size_t i = 0; value && i < FUS_COUNT(types); i++) {
        if (fus_str_starts(value, types[i].name)) {
            *type = (enum fus_npy_type)i;
            return true;
        }
    }
    return false;
}

static bool parse_shape(const char *header, struct fus_npy *array)
{
    const char *at = header_value(header, "'shape'");
    if (!at || *at != '(')
        return false;
    at++;
    array->count = 1;
    while (*at != ')') {
        char *end = NULL;
        unsigned long long side = strtoull(at, &end, 10);
        if (end == at || array->rank == FUS_NPY_RANK_MAX)
            return false;
        array->shape[array->rank++] = (size_t)side;
        if (!fus_size_mul(array->count, (size_t)side, &array->count))
            return false;
        for (at = end; *at == ',' || *at == ' ';)
            at++;
    }
    return array->count <= ARRAY_MAX / fus_npy_item_size(array->type);
}

/* Column-major bytes into row-major ones. */
static void from_fortran(const struct fus_npy *array, const unsigned char *from, unsigned char *to)
{
    size_t item = fus_npy_item_size(array->type), index[FUS_NPY_RANK_MAX] = {0};
    for (size_t i = 0; i < array->count; i++) {
        size_t offset = 0;
        for (int axis = array->rank; axis-- > 0;)
            offset = offset * array->shape[axis] + index[axis];
        memcpy(to + i * item, from + offset * item, item);
        for (int axis = array->rank; axis-- > 0 && ++index[axis] == array->shape[axis];)
            index[axis] = 0;
    }
}

static int read_header(gzFile file, struct fus_npy *array, bool *fortran, struct fus_error *err)
{
    unsigned char magic[10];
    if (gzread(file, magic, sizeof magic) != (int)sizeof magic ||
        memcmp(magic, "\x93NUMPY\x01\x00", 8) != 0)
        return corrupt(err, "no NumPy header of version 1.0");
    unsigned length = magic[8] | (unsigned)magic[9] << 8;
    FUS_AUTO_FREE char *header = fus_calloc(HEADER_MAX + 1, 1);
    if (!header)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    if (gzread(file, header, length) != (int)length)
        return corrupt(err, "its header is cut short");
    const char *order = header_value(header, "'fortran_order'");
    *fortran = order && fus_str_starts(order, "True");
    if (!order || !parse_type(header, &array->type) || !parse_shape(header, array))
        return corrupt(err, "its header is not understood");
    return 0;
}

static int read_array(gzFile file, struct fus_npy *array, struct fus_error *err)
{
    bool fortran = false;
    int rc = read_header(file, array, &fortran, err);
    if (rc != 0)
        return rc;
    size_t bytes = array->count * fus_npy_item_size(array->type);
    FUS_AUTO_FREE unsigned char *data = fus_malloc_aligned(bytes ? bytes : 1);
    if (!data)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    if (gzread(file, data, (unsigned)bytes) != (int)bytes)
        return corrupt(err, "its data are cut short");
    if (fortran && array->rank > 1) {
        FUS_AUTO_FREE unsigned char *turned = fus_malloc_aligned(bytes ? bytes : 1);
        if (!turned)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
        from_fortran(array, data, turned);
        array->data = FUS_TAKE(turned);
        return 0;
    }
    array->data = FUS_TAKE(data);
    return 0;
}

int fus_npy_read(const char *path, struct fus_npy *array, struct fus_error *err)
{
    char other[4096];
    fus_strlcpy(other, path, sizeof other);
    if (!fus_fs_exists(path)) {
        if (fus_str_ends(path, ".gz"))
            other[strlen(other) - 3] = '\0';
        else
            snprintf(other, sizeof other, "%s.gz", path);
    }
    if (!fus_fs_exists(other))
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such array.");
    gzFile file = gzopen(other, "rb");
    if (!file)
        return fus_error_set(err, FUS_E_NOT_FOUND, "The array cannot be opened.");
    struct fus_npy found = {0};
    int rc = read_array(file, &found, err);
    gzclose(file);
    if (rc == 0)
        *array = found;
    return rc;
}

void fus_npy_done(struct fus_npy *array)
{
    fus_free(array->data);
    *array = (struct fus_npy){0};
}

const uint8_t *fus_npy_u8(const struct fus_npy *array)
{
    return array->type == FUS_NPY_U8 ? array->data : NULL;
}

const float *fus_npy_f32(const struct fus_npy *array)
{
    return array->type == FUS_NPY_F32 ? array->data : NULL;
}

const double *fus_npy_f64(const struct fus_npy *array)
{
    return array->type == FUS_NPY_F64 ? array->data : NULL;
}

double fus_npy_at(const struct fus_npy *array, size_t index)
{
    switch (array->type) {
    case FUS_NPY_U8:
    case FUS_NPY_BOOL:
        return ((const uint8_t *)array->data)[index];
    case FUS_NPY_I16:
        return ((const int16_t *)array->data)[index];
    case FUS_NPY_I32:
        return ((const int32_t *)array->data)[index];
    case FUS_NPY_I64:
        return (double)((const int64_t *)array->data)[index];
    case FUS_NPY_F32:
        return (double)((const float *)array->data)[index];
    case FUS_NPY_F64:
        break;
    }
    return ((const double *)array->data)[index];
}

void fus_fixture_folder(const char *source_root, const char *variable, const char *kind, char *out,
                        size_t size)
{
    const char *own = getenv(variable), *shared = getenv("FUS_SHARED_DIR");
    if (own && *own)
        fus_strlcpy(out, own, size);
    else if (shared && *shared)
        snprintf(out, size, "%s/%s", shared, kind);
    else
        snprintf(out, size, "%s/../shared/%s", source_root, kind);
}

int fus_golden_read(const char *source_root, const char *name, struct fus_npy *array,
                    struct fus_error *err)
{
    char folder[2048], path[4096];
    fus_fixture_folder(source_root, "FUS_GOLDEN_DIR", "golden", folder, sizeof folder);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fus_npy_read(path, array, err);
}

json_t *fus_golden_json(const char *source_root, const char *name)
{
    char folder[2048], path[4096];
    fus_fixture_folder(source_root, "FUS_GOLDEN_DIR", "golden", folder, sizeof folder);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return json_load_file(path, JSON_DECODE_ANY, NULL);
}
