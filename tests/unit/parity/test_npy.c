/* The array reader, on files written here. */
#include "parity/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "../cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/fus-npy-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return fus_fs_remove_tree(folder, NULL);
}

/* Writes an array; the header is padded as NumPy does. */
static const char *write_array(const char *name, const char *dictionary, const void *data,
                               size_t size)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unsigned char head[128];
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = 118;
    head[9] = 0;
    memcpy(head + 10, dictionary, strlen(dictionary));
    head[127] = '\n';
    gzFile file = gzopen(path, strstr(name, ".gz") ? "wb" : "wbT");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, head, sizeof head), sizeof head);
    assert_int_equal(gzwrite(file, data, (unsigned)size), (int)size);
    gzclose(file);
    return path;
}

static void reads_float32_in_c_order(void **state)
{
    (void)state;
    const float values[6] = {1, 2, 3, 4, 5.5F, -6};
    const char *path =
        write_array("a.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", values,
                    sizeof values);
    FUS_AUTO_NPY struct fus_npy array = {0};
    assert_int_equal(fus_npy_read(path, &array, NULL), 0);
    assert_int_equal(array.rank, 2);
    assert_int_equal(array.shape[0], 2);
    assert_int_equal(array.shape[1], 3);
    assert_memory_equal(fus_npy_f32(&array), values, sizeof values);
    assert_null(fus_npy_u8(&array));
    assert_true(fus_npy_at(&array, 5) == -6);
}

static void turns_fortran_order(void **state)
{
    (void)state;
    /* [[0,1,2],[3,4,5]] stored column by column, and gzipped; found by the name without .gz */
    const int16_t stored[6] = {0, 3, 1, 4, 2, 5};
    char path[160];
    strcpy(path, write_array("b.npy.gz", "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3)}",
                             stored, sizeof stored));
    path[strlen(path) - 3] = '\0';
    FUS_AUTO_NPY struct fus_npy array = {0};
    assert_int_equal(fus_npy_read(path, &array, NULL), 0);
    for (size_t i = 0; i < 6; i++)
        assert_true(fus_npy_at(&array, i) == (double)i);
}

static void reads_every_type_and_a_scalar(void **state)
{
    (void)state;
    const int64_t value = 7;
    FUS_AUTO_NPY struct fus_npy array = {0};
    assert_int_equal(fus_npy_read(write_array("c.npy",
                                              "{'descr': '<i8', 'fortran_order': False, "
                                              "'shape': (), }",
                                              &value, sizeof value),
                                  &array, NULL),
                     0);
    assert_int_equal(array.rank, 0);
    assert_int_equal(array.count, 1);
    assert_true(fus_npy_at(&array, 0) == 7);
    fus_npy_done(&array);
    const double wide = 0.1;
    assert_int_equal(fus_npy_read(write_array("d.npy",
                                              "{'descr': '<f8', 'fortran_order': False, "
                                              "'shape': (1,), }",
                                              &wide, sizeof wide),
                                  &array, NULL),
                     0);
    assert_true(fus_npy_f64(&array)[0] == 0.1);
    fus_npy_done(&array);
    const uint8_t truth[2] = {1, 0};
    assert_int_equal(fus_npy_read(write_array("e.npy",
                                              "{'descr': '|b1', 'fortran_order': False, "
                                              "'shape': (2,), }",
                                              truth, sizeof truth),
                                  &array, NULL),
                     0);
    assert_int_equal(array.type, FUS_NPY_BOOL);
    assert_true(fus_npy_at(&array, 0) == 1);
}

static void refuses_what_is_cut_missing_or_strange(void **state)
{
    (void)state;
    struct fus_npy array = {0};
    const float values[2] = {1, 2};
    assert_int_equal(fus_npy_read("/nowhere/a.npy", &array, NULL), FUS_E_NOT_FOUND);
    const char *const bad[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551615, 9), }",
        "{'descr': '<f4', 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }",
        "nothing",
    };
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        assert_int_equal(
            fus_npy_read(write_array("f.npy", bad[i], values, sizeof values), &array, NULL),
            FUS_E_CORRUPT_MEDIA);
    assert_null(array.data);
}

static void reads_a_recorded_array(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy array = {0};
    if (fus_golden_read(FUS_SOURCE_ROOT, "vision/image/source_pixels.npy", &array, NULL) != 0) {
        print_message("skipped: no recorded values here\n");
        skip();
    }
    assert_non_null(fus_npy_u8(&array));
    assert_int_equal(array.shape[0], 1024);
    assert_int_equal(array.count, 1024 * 1024 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_float32_in_c_order),
        cmocka_unit_test(turns_fortran_order),
        cmocka_unit_test(reads_every_type_and_a_scalar),
        cmocka_unit_test(refuses_what_is_cut_missing_or_strange),
        cmocka_unit_test(reads_a_recorded_array),
    };
    return cmocka_run_group_tests_name("parity/npy", tests, set_up, tear_down);
}
