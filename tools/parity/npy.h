/* Reads NumPy arrays: .npy version 1.0, the same gzipped (.npy.gz), and scalars and lists in .json.
 *
 * For the recorded values ("golden") that `make parity` and the unit tests compare with. Little
 * endian; u1, i2, i4, i8, f4, f8, bool; C or Fortran order, in memory always C order. Thread-safe.
 */
#ifndef FUS_PARITY_NPY_H
#define FUS_PARITY_NPY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

enum fus_npy_type {
    FUS_NPY_U8,
    FUS_NPY_BOOL,
    FUS_NPY_I16,
    FUS_NPY_I32,
    FUS_NPY_I64,
    FUS_NPY_F32,
    FUS_NPY_F64,
};

#define FUS_NPY_RANK_MAX 8
struct fus_npy {
    enum fus_npy_type type;
    int rank; /* 0: a scalar */
    size_t shape[FUS_NPY_RANK_MAX];
    size_t count; /* elements */
    void *data;   /* owned; aligned for every type */
};

/* FUS_E_NOT_FOUND when there is no such file, FUS_E_CORRUPT_MEDIA when it is no such array. A name
 * that ends in .npy is found with .gz behind it too, and the other way round. */
int fus_npy_read(const char *path, struct fus_npy *array, struct fus_error *err) FUS_MUST_CHECK;
/* Takes a zeroed one. */
void fus_npy_done(struct fus_npy *array);
#define FUS_AUTO_NPY __attribute__((cleanup(fus_npy_done)))

/* The elements in their own type; NULL when the array is of another. */
const uint8_t *fus_npy_u8(const struct fus_npy *array);
const float *fus_npy_f32(const struct fus_npy *array);
const double *fus_npy_f64(const struct fus_npy *array);
/* One element of any type. */
double fus_npy_at(const struct fus_npy *array, size_t index);
size_t fus_npy_item_size(enum fus_npy_type type);

/* A recorded value by its name in the README of the golden folder, "face_detector/yunet/...npy":
 * beneath FUS_GOLDEN_DIR, else "golden" in FUS_SHARED_DIR, else in <source root>/../shared.
 * FUS_E_NOT_FOUND: skip what needs it. */
int fus_golden_read(const char *source_root, const char *name, struct fus_npy *array,
                    struct fus_error *err) FUS_MUST_CHECK;
/* The same for a .json file; a new reference, NULL when missing or damaged. */
json_t *fus_golden_json(const char *source_root, const char *name);
/* The folder of one kind: variable "FUS_PARITY_DIR", kind "parity". Cut when longer than size. */
void fus_fixture_folder(const char *source_root, const char *variable, const char *kind, char *out,
                        size_t size);

#endif
